// One end of a flow under load: sends a pattern, checks what comes, stalls when told to.

import Foundation

/// Pauses of a reader, so that the proxy has to hold its writer back.
public struct StallPlan: Sendable {
    /// How often reading stops, spread evenly over the transfer.
    public var count: Int
    /// How long it stops each time.
    public var seconds: Double

    public init(count: Int, seconds: Double) {
        self.count = count
        self.seconds = seconds
    }

    public static let none = StallPlan(count: 0, seconds: 0)
}

extension Connection {
    /// Sends the first `count` bytes of a pattern.
    ///
    /// - Parameter chunk: bytes handed to the kernel at once.
    public func send(
        _ pattern: Pattern, count: Int, chunk: Int = Pattern.chunkBytesMax
    ) throws {
        var position = 0
        while position < count {
            let size = min(chunk, count - position)
            try send(pattern.chunk(at: position, count: size))
            position += size
        }
    }

    /// Receives the first `count` bytes of a pattern and compares every one.
    ///
    /// - Throws: `TestFailure` at the first wrong byte or when the stream ends early.
    public func receive(
        _ pattern: Pattern, count: Int, stalls: StallPlan = .none
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Pattern.chunkBytesMax, alignment: 64)
        defer { buffer.deallocate() }
        var position = 0
        var stallsLeft = stalls.count
        while position < count {
            if stallsLeft > 0,
                position >= count / (stalls.count + 1) * (stalls.count + 1 - stallsLeft)
            {
                stallsLeft -= 1
                pause(stalls.seconds)
            }
            let size = min(buffer.count, count - position)
            let received = try receive(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]))
            guard received > 0 else { throw TestFailure("stream ended at \(position) of \(count)") }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<received])
            if let wrong = pattern.firstDifference(bytes, at: position) {
                throw TestFailure("byte \(wrong) of \(count) is wrong")
            }
            position += received
        }
    }

    /// Takes what comes until the stream ends, in order or by a reset, or enough has come.
    ///
    /// - Returns: how many bytes came.
    public func drain(upTo enough: Int = .max) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Pattern.chunkBytesMax, alignment: 64)
        defer { buffer.deallocate() }
        var total = 0
        while total < enough, let count = try? receive(into: buffer), count > 0 { total += count }
        return total
    }

    /// Reads to the end of the stream; an orderly end, with nothing before it.
    public func expectEnd() throws {
        let rest = try receive(1)
        guard rest.isEmpty else { throw TestFailure("a byte came where the stream should end") }
    }

    /// Sends one pattern and checks another at the same time, then ends its side and awaits the
    /// other side's end.
    ///
    /// - Parameter seconds: when to give up.
    public func exchange(
        sending outgoing: Pattern, receiving incoming: Pattern, count: Int,
        stalls: StallPlan = .none, within seconds: Double = 120
    ) throws {
        let sender = Background { [self] in
            try send(outgoing, count: count)
            try finishSending()
        }
        let receiver = Background { [self] in
            try receive(incoming, count: count, stalls: stalls)
            try expectEnd()
        }
        let received = Result { try receiver.value(within: seconds) }
        // Unblocks a sender whose bytes nobody takes any more.
        if case .failure = received { shutdown(descriptor, Int32(SHUT_RDWR)) }
        try sender.value(within: seconds)
        try received.get()
    }
}

/// How much the heavy transfers move per direction: GYRE_TEST_BYTES, else 256 MiB, a quarter of
/// that when GYRE_TEST_QUICK is set.
public let heavyTransferBytes: Int = {
    let variables = ProcessInfo.processInfo.environment
    if let bytes = variables["GYRE_TEST_BYTES"].flatMap({ Int($0) }), bytes > 0 { return bytes }
    return isQuickRun ? 64 << 20 : 256 << 20
}()

/// Whether GYRE_TEST_QUICK asks for fewer repetitions.
public let isQuickRun = ProcessInfo.processInfo.environment["GYRE_TEST_QUICK"] == "1"
