// One check under way: a socket and how far it has come. Tells its outcome once; with HTTP it then
// lives on until the body has been read.

internal import CLinux
internal import DataPlane
internal import Glibc
internal import Protocols

/// Connects, asks, reads.
struct CheckProbe {
    private enum Phase {
        case connecting
        case sending
        case reading
        /// The outcome is told.
        case skipping
    }

    /// What has to happen next.
    enum Step: Equatable {
        /// Nothing until the socket is ready again.
        case wait
        /// The check came out; the probe goes on when it is not over.
        case told(CheckOutcome, isOver: Bool)
        /// There is nothing more to be read.
        case over
    }

    let socket: Descriptor
    private let isHTTP: Bool
    private var phase = Phase.connecting
    private let request: [UInt8]
    private var bytesSent = 0
    private var answer: CheckAnswer

    /// Begins to connect.
    ///
    /// - Throws: what the kernel said at once.
    init(_ target: HealthTarget) throws(SystemError) {
        socket = Descriptor(
            raw: try SystemError.check(gyre_socket_open(target.address.family)))
        request = target.request
        if case .http(_, _, let statuses) = target.check.kind {
            isHTTP = true
            answer = CheckAnswer(expecting: statuses)
        } else {
            isHTTP = false
            answer = CheckAnswer(expecting: [])
        }
        do throws(SystemError) {
            try target.address.value.connect(socket)
        } catch {
            guard error.code != EINPROGRESS else { return }
            socket.close()
            throw error
        }
    }

    func close() {
        socket.close()
    }

    /// What a check comes to that has run out of time.
    var timeoutOutcome: CheckOutcome? {
        switch phase {
        case .connecting: .failed(.connectTimedOut, code: 0)
        case .sending, .reading: .failed(.timedOut, code: 0)
        case .skipping: nil
        }
    }

    /// Goes on as far as the socket lets it.
    ///
    /// - Parameters:
    ///   - bytes: scratch to read into.
    ///   - head: scratch to parse with.
    mutating func advance(through bytes: inout [UInt8], head: inout ResponseHead) -> Step {
        if phase == .connecting {
            let result = gyre_socket_error(socket.raw)
            guard result == 0 else {
                return .told(Self.connectOutcome(-result), isOver: true)
            }
            phase = .sending
        }
        if phase == .sending {
            while bytesSent < request.count {
                let sent = socket.send(request.span.extracting(bytesSent...))
                if sent == -Int(EAGAIN) { return .wait }
                guard sent > 0 else {
                    return .told(.failed(.reset, code: Int32(-sent)), isOver: true)
                }
                bytesSent += sent
            }
            guard isHTTP else { return .told(.passed, isOver: true) }
            phase = .reading
        }
        return read(through: &bytes, head: &head)
    }

    private mutating func read(
        through bytes: inout [UInt8], head: inout ResponseHead
    ) -> Step {
        while true {
            let count = socket.receive(into: &bytes)
            if count == -Int(EAGAIN) { return .wait }
            guard count > 0 else {
                let outcome = CheckOutcome.failed(.reset, code: Int32(-count))
                return phase == .skipping ? .over : .told(outcome, isOver: true)
            }
            if phase == .skipping {
                answer.skip(count)
                if answer.bodyBytesLeft == 0 { return .over }
            } else if let outcome = answer.take(bytes[..<count], head: &head) {
                phase = .skipping
                return .told(outcome, isOver: answer.bodyBytesLeft == 0)
            }
        }
    }

    /// What a refused connection says of the endpoint: nothing, when it was refused for want of
    /// something on this side.
    static func connectOutcome(_ code: Int32) -> CheckOutcome {
        switch code {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL: .skipped
        case ETIMEDOUT: .failed(.connectTimedOut, code: 0)
        default: .failed(.connectFailed, code: code)
        }
    }
}
