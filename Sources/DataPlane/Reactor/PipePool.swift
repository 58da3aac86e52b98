// Pipes for spliced relaying. A pipe is out only while bytes are in it, so one hot pipe usually
// serves every flow of a worker. The pool is bounded because pipe memory is: 64 pipes of 1 MiB
// reach the per-user limit (pipe(7), pipe-user-pages-soft). Worker thread only.

internal import CLinux

/// A bounded pool of pipes, made on demand, reused last-in first-out.
struct PipePool: ~Copyable {
    /// What is asked for; unprivileged users past their budget get a smaller pipe, which works.
    static let capacityBytes: Int32 = 1 << 20

    private struct Pipe: BitwiseCopyable {
        var output: Descriptor
        var input: Descriptor
        var nextIdle: UInt32
    }

    private var pipes: Slab<Pipe>
    private var idleHead = UInt32.max

    /// Pipes that are out.
    private(set) var usedCount = 0

    init(capacity: Int) {
        pipes = Slab(capacity: max(capacity, 1))
    }

    deinit {
        for slot in pipes.touchedSlots where pipes.isTaken(slot: slot) {
            _ = gyre_close(pipes[slot: slot].output.raw)
            _ = gyre_close(pipes[slot: slot].input.raw)
        }
    }

    /// The end that bytes come out of.
    func output(_ pipe: PipeID) -> Descriptor { pipes[slot: pipe.index].output }

    /// The end that bytes go into.
    func input(_ pipe: PipeID) -> Descriptor { pipes[slot: pipe.index].input }

    /// Takes an empty pipe; `nil` when the pool is used up or the kernel refuses a new one.
    mutating func take(counting counters: inout CounterSet) -> PipeID? {
        if idleHead != .max {
            let slot = idleHead
            idleHead = pipes[slot: slot].nextIdle
            usedCount += 1
            return PipeID(index: slot)
        }
        guard pipes.count < pipes.capacity else { return nil }
        var ends = (Int32(-1), Int32(-1))
        counters[.pipe] &+= 1
        let capacity = unsafe withUnsafeMutableBytes(of: &ends) {
            unsafe gyre_pipe_open(
                $0.assumingMemoryBound(to: Int32.self).baseAddress, Self.capacityBytes)
        }
        guard capacity > 0 else { return nil }
        let pipe = Pipe(
            output: Descriptor(raw: ends.0), input: Descriptor(raw: ends.1), nextIdle: .max)
        guard let index = pipes.insert(pipe) else { return nil }
        usedCount += 1
        return PipeID(index: index.slot)
    }

    /// Takes a pipe back. One that still holds bytes of a dead flow is closed, bytes and all.
    mutating func giveBack(
        _ pipe: PipeID, isEmpty: Bool, counting counters: inout CounterSet
    ) {
        usedCount -= 1
        guard isEmpty else {
            DirectCalls.close(output(pipe), counting: &counters)
            DirectCalls.close(input(pipe), counting: &counters)
            pipes.remove(pipes.index(ofSlot: pipe.index))
            return
        }
        pipes[slot: pipe.index].nextIdle = idleHead
        idleHead = pipe.index
    }
}
