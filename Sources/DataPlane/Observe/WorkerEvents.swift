// What an operator should read about, on its way from a worker to the log: a bounded ring with one
// writer and one reader. A worker never formats, never blocks and never writes more than a few
// events a second; what it holds back is counted and told with the next one.

internal import CLinux
internal import Synchronization

/// Something that happened on a worker and belongs in the log.
package struct WorkerEvent: Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// A connection to an endpoint could not be made.
        case connectFailed
        /// An endpoint did not answer within the connect timeout.
        case connectTimedOut
        /// No endpoint could be connected: the client was reset, or told so in HTTP.
        case noEndpoint
        /// Accepting pauses for want of descriptors or memory.
        case acceptPaused
        /// An endpoint answered with something that is not a response.
        case badResponse
        /// An upstream has as many connections as it may have, and work was refused.
        case upstreamFull
        /// A client that has to begin with a PROXY header began with something else; the code is
        /// the `ProxyRefusal`.
        case proxyHeaderRefused
        /// Its header did not come in time.
        case proxyHeaderLate
    }

    package let kind: Kind
    /// Position of the endpoint it is about, for those that are about one.
    package let endpoint: Int
    /// The errno value, 0 when there is none; for some kinds another code.
    package let code: Int32
    /// Events before this one that were held back.
    package let heldBack: Int

    package init(kind: Kind, endpoint: Int, code: Int32, heldBack: Int) {
        self.kind = kind
        self.endpoint = endpoint
        self.code = code
        self.heldBack = heldBack
    }

    /// `kind:8 | errno:12 | endpoint:20 | heldBack:24`, each at most its greatest value.
    fileprivate var packed: UInt64 {
        UInt64(kind.rawValue) << 56 | UInt64(min(max(code, 0), 0xFFF)) << 44
            | UInt64(min(endpoint, 0xF_FFFF)) << 24 | UInt64(min(heldBack, 0xFF_FFFF))
    }

    fileprivate init?(packed: UInt64) {
        guard let kind = Kind(rawValue: UInt8(packed >> 56)) else { return nil }
        self.init(
            kind: kind, endpoint: Int(packed >> 24 & 0xF_FFFF), code: Int32(packed >> 44 & 0xFFF),
            heldBack: Int(packed & 0xFF_FFFF))
    }
}

/// The events of one worker. The worker posts, one other thread takes.
@safe
package final class WorkerEvents: @unchecked Sendable {
    private static let capacity: UInt32 = 64
    /// Events that one worker may post in one second.
    private static let perSecondMax = 5

    private let words: UnsafeMutablePointer<UInt64>
    private let head = Atomic<UInt32>(0)
    private let tail = Atomic<UInt32>(0)
    private let reader: Descriptor

    // Worker thread only.
    private var secondMs: UInt64 = 0
    private var postedThisSecond = 0
    private var heldBack = 0

    /// - Parameter reader: an eventfd that is signalled after each post; none to signal nobody.
    package init(reader: Descriptor) {
        self.reader = reader
        unsafe words = .allocate(capacity: Int(Self.capacity))
        unsafe words.initialize(repeating: 0, count: Int(Self.capacity))
    }

    deinit {
        unsafe words.deallocate()
    }

    /// Worker thread only.
    ///
    /// - Returns: whether the reader was signalled, which is one system call.
    func post(_ kind: WorkerEvent.Kind, endpoint: Int, code: Int32, nowMs: UInt64) -> Bool {
        if nowMs >= secondMs + 1000 {
            secondMs = nowMs
            postedThisSecond = 0
        }
        let position = tail.load(ordering: .relaxed)
        let isFull = position &- head.load(ordering: .acquiring) == Self.capacity
        guard postedThisSecond < Self.perSecondMax, !isFull else {
            heldBack += 1
            return false
        }
        postedThisSecond += 1
        let event = WorkerEvent(kind: kind, endpoint: endpoint, code: code, heldBack: heldBack)
        heldBack = 0
        unsafe words[Int(position % Self.capacity)] = event.packed
        tail.store(position &+ 1, ordering: .releasing)
        guard reader.isOpen else { return false }
        _ = gyre_event_signal(reader.raw)
        return true
    }

    /// Reader's thread only: the events since the last call, oldest first.
    package func take() -> [WorkerEvent] {
        var position = head.load(ordering: .relaxed)
        let end = tail.load(ordering: .acquiring)
        var events: [WorkerEvent] = []
        while position != end {
            let word = unsafe words[Int(position % Self.capacity)]
            if let event = WorkerEvent(packed: word) { events.append(event) }
            position &+= 1
        }
        head.store(position, ordering: .releasing)
        return events
    }
}
