// What a worker is told at its start about itself: values only, immutable, safe to share between
// threads. What it serves is a SiteSnapshot.

/// The I/O backend of a worker.
package enum Backend: String, CaseIterable, Sendable {
    case ioUring = "io_uring"
    case epoll
}

/// How bytes get from one side of a flow to the other.
package enum RelayMode: String, CaseIterable, Sendable, BitwiseCopyable {
    /// Starts with copy; a direction that moves bulk is promoted to the cheapest path.
    case auto
    /// Through lent buffers.
    case copy
    /// splice(2) through a pipe, when the socket is ready.
    case splice
    /// IORING_OP_SPLICE through a pipe: io_uring only.
    case spliceRing = "splice-ring"
}

/// A worker's part of the configuration.
package struct WorkerConfiguration: Sendable {
    /// Position among the workers, from 0.
    package var index: Int
    /// Processor to pin the thread to; `nil` leaves it to the scheduler.
    package var processor: Int?
    /// How its turns wait.
    package var waits: WaitPolicy
    /// Flows this worker holds at most; further clients wait in the listen queue.
    package var flowsMax: Int
    /// Connections to endpoints that an HTTP worker makes before it gives up idle ones for others.
    package var upstreamsMax: Int
    /// Slots of the ring's file table when sockets live in there (direct descriptors); `nil` when
    /// they are descriptors of the process.
    package var filesMax: Int?
    /// Receive buffers this worker uses at most, `BufferPool.bufferBytes` each.
    package var buffersMax: Int
    /// Pipes this worker keeps at most.
    package var pipesMax: Int
    /// How many of 65,536 exchanges and flows that end well are told to the access log; those that
    /// do not all are.
    package var accessSample: UInt32 = 65_536

    package init(
        index: Int = 0, processor: Int? = nil, waits: WaitPolicy = WaitPolicy(),
        flowsMax: Int, upstreamsMax: Int? = nil, filesMax: Int? = nil, buffersMax: Int = 65_536,
        pipesMax: Int = 16
    ) {
        self.index = index
        self.processor = processor
        self.waits = waits
        self.flowsMax = flowsMax
        self.upstreamsMax = upstreamsMax ?? flowsMax
        self.filesMax = filesMax
        self.buffersMax = buffersMax
        self.pipesMax = pipesMax
    }
}
