// What lines are handed to: a file, the standard output stream or a syslog socket. Never waits for
// who reads it, except for a disk. Log thread only.

internal import DataPlane
internal import Glibc

/// An open sink, or one that has to be opened again.
struct AccessSink: ~Copyable {
    /// What became of a write.
    enum Outcome: Equatable {
        case done
        /// It takes nothing at the moment; `descriptor` tells when it does.
        case full
        case failed(SystemError)
    }

    /// What a pipe takes at once when it takes anything (pipe(7), PIPE_BUF).
    private static let pipeBytes = 4096
    /// Sockets take about 200 KiB at once (net.core.wmem_default).
    private static let datagramBytesMax = 64 * 1024

    let target: AccessTarget
    /// None while a syslog socket is not connected.
    private(set) var descriptor = Descriptor.none
    /// Whether a write has to be kept from waiting by asking first.
    private var mayBlock = false
    private var syslog = SyslogFrame()

    /// - Throws: why it cannot be written to; a syslog socket may come later.
    init(_ target: AccessTarget) throws(SystemError) {
        self.target = target
        do throws(SystemError) {
            try reopen()
        } catch {
            guard case .syslog = target else { throw error }
        }
    }

    deinit {
        if descriptor.isOpen { descriptor.close() }
    }

    /// Opens it again; what was open stays so when that fails.
    mutating func reopen() throws(SystemError) {
        let old = descriptor
        switch target {
        case .output:
            // Nobody can have moved it.
            if old.isOpen { return }
            (descriptor, mayBlock) = try Descriptor.standardOutput()
        case .file(let path): descriptor = try Descriptor.logFile(path)
        case .syslog(let path): descriptor = try Descriptor.datagramSocket(path)
        }
        if old.isOpen { old.close() }
    }

    /// Hands over as much as it takes.
    mutating func write(_ buffer: inout LineBuffer) -> Outcome {
        while !buffer.isEmpty {
            if mayBlock, !descriptor.isReady(.writable, withinMs: 0) { return .full }
            let result = step(&buffer)
            if result == -EAGAIN { return .full }
            if result < 0 { return failure(Int32(-result)) }
        }
        return .done
    }

    private mutating func failure(_ code: Int32) -> Outcome {
        if case .syslog = target, descriptor.isOpen {
            // Who listened there has gone, and somebody else may come.
            descriptor.close()
            descriptor = .none
        }
        return .failed(SystemError(code: code))
    }

    /// - Returns: the negative errno value when nothing was taken.
    private mutating func step(_ buffer: inout LineBuffer) -> Int {
        if case .syslog = target { return sendLine(&buffer) }
        let most = mayBlock ? Self.pipeBytes : Int.max
        let descriptor = descriptor
        let taken = buffer.withBytes { bytes in
            descriptor.write(bytes.extracting(first: min(bytes.count, most)))
        }
        if taken > 0 { buffer.take(taken) }
        return taken
    }

    /// One datagram for each line, without its end.
    private mutating func sendLine(_ buffer: inout LineBuffer) -> Int {
        if !descriptor.isOpen {
            do throws(SystemError) {
                try reopen()
            } catch {
                return -Int(error.code)
            }
        }
        let descriptor = descriptor
        syslog.renew()
        let frame = syslog
        let (length, sent) = buffer.withBytes { bytes in
            var end = 0
            while end < bytes.count, bytes[end] != LineBuffer.lineEnd { end += 1 }
            // What is longer than a socket takes at once would never go.
            let cut = min(end, Self.datagramBytesMax)
            return (end, descriptor.send(frame.bytes.span, bytes.extracting(first: cut)))
        }
        if sent < 0 { return sent }
        buffer.take(min(length + 1, buffer.left))
        return length + 1
    }
}

/// What is ahead of each message, as the C library's syslog(3) has it: what local sockets expect
/// (RFC 3164 without a host).
private struct SyslogFrame {
    /// Facility local0, severity info.
    private static let priority = 16 * 8 + 6

    private(set) var bytes: [UInt8] = []
    private var madeAt: Int64 = -1

    /// Makes it say what time it is.
    mutating func renew() {
        let now = ClockText.unixSeconds
        guard now != madeAt else { return }
        madeAt = now
        bytes = Array("<\(Self.priority)>\(ClockText.syslogTime) gyre[\(getpid())]: ".utf8)
    }
}
