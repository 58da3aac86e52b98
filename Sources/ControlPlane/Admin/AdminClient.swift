// The other end of the admin address: what `gyre status` and its siblings ask with. Blocks, with a
// bound on every wait.

internal import CLinux
internal import DataPlane
internal import Glibc
package import Protocols

/// Why there is no answer.
package enum AdminClientError: Error, Equatable, Sendable {
    /// Nobody listens there; one line that says where.
    case unreachable(String)
    /// There was somebody, but not an answer; one line.
    case failed(String)
}

/// Asks a running Gyre, with a connection for each request.
package struct AdminClient: Sendable {
    /// Where it is asked.
    package enum Place: Equatable, Sendable {
        /// At the first path at which somebody answers.
        case sockets([String])
        case address(AddressText)
    }

    /// An answer as it came.
    package struct Answer: Equatable, Sendable {
        package let status: UInt16
        package let body: [UInt8]
    }

    /// A connection on which nothing was asked yet.
    struct Connection: Sendable {
        let socket: Descriptor
        let host: String
    }

    private static let connectMs: Int32 = 3_000
    /// Longer than a server waits for a command.
    private static let answerNs: UInt64 = 70_000_000_000
    private static let silenceMs: Int32 = 15_000
    private static let answerBytesMax = 64 * 1024 * 1024
    private static let receiveBytes = 64 * 1024

    private let place: Place
    private let token: AdminToken?

    package init(_ place: Place, token: AdminToken? = nil) {
        self.place = place
        self.token = token
    }

    /// Asks and waits for the answer.
    package func ask(
        _ route: AdminRoute, body: [UInt8] = []
    ) throws(AdminClientError) -> Answer {
        try ask(route, body: body, on: try connect())
    }

    /// A connection for a question that is still to come, whoever listens there then.
    func connect() throws(AdminClientError) -> Connection {
        switch place {
        case .sockets(let paths):
            return Connection(socket: try Self.connect(toFirstOf: paths), host: "localhost")
        case .address(let text):
            return Connection(socket: try Self.connect(toFirstOf: text), host: text.authority)
        }
    }

    /// Asks on a connection, which is closed then, and waits for the answer.
    func ask(
        _ route: AdminRoute, body: [UInt8] = [], on connection: Connection
    ) throws(AdminClientError) -> Answer {
        defer { connection.socket.close() }
        let untilNs = MonotonicClock.nowNs + Self.answerNs
        send(route, query: "", body, on: connection, untilNs)
        return try Self.answer(in: try Self.receive(connection.socket, untilNs))
    }

    private func send(
        _ route: AdminRoute, query: String, _ body: [UInt8], on connection: Connection,
        _ untilNs: UInt64
    ) {
        let method = route.method == .post ? "POST" : "GET"
        let target = query.isEmpty ? route.rawValue : "\(route.rawValue)?\(query)"
        var lines = [
            "\(method) \(target) HTTP/1.1", "Host: \(connection.host)", "Connection: close",
        ]
        if let token { lines.append("Authorization: Bearer \(token.text)") }
        if route.method == .post { lines.append("Content-Length: \(body.count)") }
        Self.send(
            Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body,
            connection.socket, untilNs)
    }

    /// Asks for a stream of events and hands them on as they come, until it ends.
    ///
    /// - Parameter take: gets the data of each event; false ends the stream.
    /// - Returns: what was answered in place of a stream; `nil` when there was one.
    package func follow(
        _ route: AdminRoute, query: String, _ take: (Substring) -> Bool
    ) throws(AdminClientError) -> Answer? {
        let connection = try connect()
        defer { connection.socket.close() }
        send(route, query: query, [], on: connection, MonotonicClock.nowNs + Self.answerNs)
        var stream = EventStream()
        var buffer = [UInt8](repeating: 0, count: Self.receiveBytes)
        while true {
            let count = connection.socket.receive(into: &buffer)
            if count == -Int(EAGAIN) {
                // It beats once a second.
                guard connection.socket.isReady(.readable, withinMs: Self.silenceMs) else {
                    throw .failed("the stream has gone silent")
                }
                continue
            }
            guard count > 0 else {
                return stream.isStream ? nil : try Self.answer(in: stream.bytes)
            }
            guard stream.receive(buffer.prefix(count), take) else { return nil }
        }
    }

    private static func connect(
        toFirstOf text: AddressText
    ) throws(AdminClientError) -> Descriptor {
        let addresses: [SocketAddress]
        do throws(StartError) {
            addresses = try HostResolver.connectAddresses(text)
        } catch {
            throw .unreachable(error.description)
        }
        var tried: [String] = []
        for address in addresses {
            do throws(SystemError) {
                return try connect(to: address)
            } catch {
                tried.append("\(address) (\(error.text))")
            }
        }
        throw nobody(at: tried)
    }

    private static func nobody(at tried: [String]) -> AdminClientError {
        .unreachable("nobody answers at \(tried.joined(separator: ", nor at "))")
    }

    private static func connect(
        toFirstOf paths: [String]
    ) throws(AdminClientError) -> Descriptor {
        var tried: [String] = []
        for path in paths {
            guard let address = SocketAddress(unixPath: path) else {
                tried.append("\(path) (too long)")
                continue
            }
            do throws(SystemError) {
                return try connect(to: address)
            } catch {
                tried.append("\(path) (\(error.text))")
            }
        }
        throw nobody(at: tried)
    }

    private static func connect(to address: SocketAddress) throws(SystemError) -> Descriptor {
        let socket = try Descriptor.streamSocket(family: address.family)
        do throws(SystemError) {
            do throws(SystemError) {
                try address.connect(socket)
            } catch {
                guard error.code == EINPROGRESS else { throw error }
                guard socket.isReady(.writable, withinMs: connectMs) else {
                    throw SystemError(code: ETIMEDOUT)
                }
                try SystemError.check(gyre_socket_error(socket.raw))
            }
            return socket
        } catch {
            socket.close()
            throw error
        }
    }

    /// Who does not take all of it may have answered before.
    private static func send(_ bytes: [UInt8], _ socket: Descriptor, _ untilNs: UInt64) {
        var sent = 0
        while sent < bytes.count, MonotonicClock.nowNs < untilNs {
            let count = socket.send(bytes.span.extracting(sent..<bytes.count))
            if count > 0 {
                sent += count
            } else {
                guard count == -Int(EAGAIN) else { return }
                _ = socket.isReady(.writable, withinMs: 1_000)
            }
        }
    }

    /// Everything until the end of the connection.
    private static func receive(
        _ socket: Descriptor, _ untilNs: UInt64
    ) throws(AdminClientError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: receiveBytes)
        while MonotonicClock.nowNs < untilNs {
            let count = socket.receive(into: &buffer)
            switch count {
            case 1...: bytes += buffer.prefix(count)
            case -Int(EAGAIN): _ = socket.isReady(.readable, withinMs: 1_000)
            // Also when the connection is reset behind a whole answer.
            default: return bytes
            }
            guard bytes.count <= answerBytesMax else { break }
        }
        throw .failed("the answer takes too long or is too large")
    }

    private static func answer(in bytes: [UInt8]) throws(AdminClientError) -> Answer {
        var head = ResponseHead()
        var progress = HeadProgress()
        let verdict = head.parse(
            bytes.span, limits: HeadLimits(), answering: .other, progress: &progress)
        guard verdict == .complete else {
            throw .failed(
                bytes.isEmpty
                    ? "the connection was closed without an answer"
                    : "what answers there is not gyre")
        }
        let body = Array(bytes.dropFirst(head.length))
        guard head.contentLength == UInt64(body.count) else {
            throw .failed("the answer is not complete")
        }
        return Answer(status: head.status, body: body)
    }
}
