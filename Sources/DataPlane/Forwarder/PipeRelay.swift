// Bytes on their way from socket to socket through a pipe, without being copied to user space. A
// pipe is held only while bytes are in it. What is moved, for how long and what it means is for the
// engine to say.

internal import Glibc

/// Where moving bytes through a pipe came to.
enum PipeOutcome: Equatable {
    /// Nothing is in the pipe: it waits for the source, or for others to get their turn.
    case drained
    /// All bytes that were asked for went through.
    case complete
    /// The pipe holds bytes that the target does not take now.
    case blocked
    /// Nothing came out of the source: its end (0) or an error.
    case sourceEnded(Int)
    case targetFailed
}

/// A pipe between two sockets, while it is held.
struct PipeRelay: BitwiseCopyable {
    private(set) var pipe = PipeID.none
    /// Bytes in the pipe.
    var bytes: UInt32 = 0
    /// Bytes taken from the source since the burst began, as far as they matter.
    private(set) var burst: UInt32 = 0

    /// Borrows a pipe, unless one is held.
    ///
    /// - Returns: false when every pipe holds bytes of somebody who does not read.
    mutating func take<R: Reactor & ~Copyable>(on reactor: inout R) -> Bool {
        if !pipe.isNone { return true }
        guard let taken = reactor.takePipe() else { return false }
        pipe = taken
        return true
    }

    /// Gives the pipe back, bytes and all.
    ///
    /// - Parameter isCut: more may be in it than was counted.
    mutating func giveBack<R: Reactor & ~Copyable>(isCut: Bool = false, on reactor: inout R) {
        guard !pipe.isNone else { return }
        reactor.returnPipe(pipe, isEmpty: bytes == 0 && !isCut)
        pipe = .none
        bytes = 0
    }

    /// Counts bytes that were taken from the source. A source whose reader is always a little
    /// behind never gives its pipe back, so the count must end somewhere.
    mutating func noteBurst(_ bytes: Int) {
        burst = UInt32(min(Int(burst) + bytes, ForwarderLimits.spliceBytes))
    }

    /// The burst is over.
    ///
    /// - Returns: how much it moved.
    mutating func takeBurst() -> UInt32 {
        defer { burst = 0 }
        return burst
    }

    /// Moves what is there, in and out, with splice(2).
    ///
    /// - Parameter limit: bytes to take from the source at most; lowered by those that were.
    mutating func move<R: Reactor & ~Copyable>(
        from source: SocketID, to target: SocketID, limit: inout UInt64,
        on reactor: inout R
    ) -> PipeOutcome {
        for _ in 0..<ForwarderLimits.splicesPerTurnMax {
            if bytes == 0 {
                if limit == 0 { return .complete }
                let length = Int(min(limit, UInt64(ForwarderLimits.spliceBytes)))
                let taken = reactor.spliceIn(source, to: pipe, length: length)
                if taken == -Int(EAGAIN) { return .drained }
                guard taken > 0 else { return .sourceEnded(taken) }
                bytes = UInt32(taken)
                limit -= UInt64(taken)
                noteBurst(taken)
            }
            let given = reactor.spliceOut(pipe, to: target, length: Int(bytes))
            if given < 0 && given != -Int(EAGAIN) { return .targetFailed }
            if given > 0 {
                bytes -= UInt32(given)
                reactor.counters[.bytesSpliced] &+= UInt64(given)
            }
            if bytes > 0 { return .blocked }
            if limit == 0 { return .complete }
            // A short burst has most likely emptied the socket.
            if burst < ForwarderLimits.spliceBytes / 4 { return .drained }
        }
        return .drained
    }
}
