// Origins in this process: one that answers by a rule and remembers what it was asked, and one that
// only remembers.

import Foundation
import Synchronization

/// What an `HTTPOrigin` does with a request.
public enum HTTPAnswer: Sendable {
    /// These bytes; the connection is kept.
    case keep(String)
    /// These bytes, then an orderly end.
    case end(String)
    /// No byte, and a reset.
    case reset

    /// A 200 with a body and nothing else, on a kept connection.
    public static func ok(_ body: String, fields: String = "") -> HTTPAnswer {
        .keep("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
    }
}

/// A request and where an origin got it.
public struct ReceivedRequest: Sendable {
    public let request: HTTPRequest
    /// Which connection of the origin, from 0 on.
    public let connection: Int
    /// Which request of that connection, from 0 on.
    public let index: Int
}

/// An origin that reads requests strictly and answers each by a rule; a thread per connection.
public final class HTTPOrigin: Sendable {
    private struct State {
        var connections: [HTTPStream] = []
        var requests: [ReceivedRequest] = []
        var failures: [String] = []
    }

    private let state = Mutex(State())
    private let stop = Atomic(false)
    private let listener: Listener

    /// - Parameter answer: what to do with a request; a throw ends the connection.
    public init(
        _ address: PeerAddress = .loopback4(port: 0),
        answer: @escaping @Sendable (ReceivedRequest) throws -> HTTPAnswer
    ) throws {
        listener = try Listener(address)
        acceptAll { [weak self] stream, connection in
            try self?.serve(stream, connection, answer)
        }
    }

    /// An origin that greets with its name.
    public convenience init(named name: String) throws {
        try self.init { _ in .ok(name) }
    }

    deinit { close() }

    public var address: PeerAddress { listener.address }

    /// Connections accepted so far.
    public var accepted: Int { state.withLock { $0.connections.count } }

    /// Every request so far, in the order they came.
    public var requests: [ReceivedRequest] { state.withLock { $0.requests } }

    /// The targets of every request so far.
    public var targets: [String] { requests.map(\.request.target) }

    /// What came that was no request.
    public var failures: [String] { state.withLock { $0.failures } }

    /// Ends every connection that is open, whatever it is at.
    public func closeConnections() {
        state.withLock { state in
            for stream in state.connections where stream.connection.isOpen {
                shutdown(stream.connection.descriptor, Int32(SHUT_RDWR))
            }
        }
    }

    /// Stops accepting and ends every connection.
    public func close() {
        stop.store(true, ordering: .relaxed)
        closeConnections()
    }

    private func acceptAll(_ serve: @escaping @Sendable (HTTPStream, Int) throws -> Void) {
        let listener = listener
        _ = Background { [weak self] in
            while let self, !self.stop.load(ordering: .relaxed) {
                guard let connection = try listener.acceptIfAny(within: 0.05) else { continue }
                let stream = HTTPStream(connection)
                let number = self.state.withLock { state in
                    state.connections.append(stream)
                    return state.connections.count - 1
                }
                _ = Background { try serve(stream, number) }
            }
        }
    }

    private func serve(
        _ stream: HTTPStream, _ connection: Int,
        _ answer: (ReceivedRequest) throws -> HTTPAnswer
    ) throws {
        defer { stream.close() }
        var index = 0
        do {
            while let request = try stream.readRequestIfAny() {
                let received = ReceivedRequest(
                    request: request, connection: connection, index: index)
                state.withLock { $0.requests.append(received) }
                switch try answer(received) {
                case .keep(let text): try stream.send(text)
                case .end(let text): return try stream.send(text)
                case .reset: return stream.connection.reset()
                }
                index += 1
            }
        } catch let failure as TestFailure {
            state.withLock { $0.failures.append(failure.description) }
        }
    }
}

/// An origin that accepts, keeps what it gets and never answers.
public final class RecordingOrigin: Sendable {
    private let listener: Listener
    private let received = Mutex<[[UInt8]]>([])
    private let ended = Atomic(0)
    private let stop = Atomic(false)

    public init() throws {
        listener = try Listener()
        _ = Background { [weak self, listener] in
            while let self, !self.stop.load(ordering: .relaxed) {
                guard let connection = try listener.acceptIfAny(within: 0.05) else { continue }
                self.record(connection)
            }
        }
    }

    deinit { stop.store(true, ordering: .relaxed) }

    public var address: PeerAddress { listener.address }

    /// What each connection brought so far.
    public var connections: [[UInt8]] { received.withLock { $0 } }

    /// Connections that have been ended by the other side.
    public var endedCount: Int { ended.load(ordering: .relaxed) }

    private func record(_ connection: Connection) {
        let number = received.withLock { received in
            received.append([])
            return received.count - 1
        }
        _ = Background { [weak self] in
            while let bytes = try? connection.receiveSome(), !bytes.isEmpty {
                self?.received.withLock { $0[number] += bytes }
            }
            self?.ended.add(1, ordering: .relaxed)
        }
    }
}
