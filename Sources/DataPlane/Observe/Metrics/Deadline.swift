// What is waited for, each with its own limit. The order is that of counters in memory.

/// A wait of a client's connection or of a flow.
package enum Deadline: Int, BitwiseCopyable, Sendable, CaseIterable {
    /// The end of a PROXY header.
    case proxyHeader
    /// The first byte of a request, on a connection that has served before.
    case nextRequest
    /// The end of a request head, or the first byte on a new connection.
    case requestHead
    /// The end of what a client still sends after its last answer.
    case lingering
    /// A client takes what it asked for.
    case clientTaking
    case connecting
    /// The upstream has as many connections as it may have.
    case room
    /// A client sends more of a body.
    case requestBody
    /// An endpoint takes more of a body.
    case requestTaking
    case responseHead
    /// A response head for a client that has finished sending and may be gone.
    case halfClosed
    /// An endpoint sends more of a body.
    case responseBody
    /// A flow or tunnel on which nothing happens.
    case flow

    /// As it is written: what the configuration calls its limit, where that is one.
    package var word: StaticString {
        switch self {
        case .proxyHeader: "proxy_header"
        case .nextRequest: "keep_alive"
        case .requestHead: "head"
        case .lingering: "linger"
        case .clientTaking: "client_taking"
        case .connecting: "connect"
        case .room: "pending"
        case .requestBody: "body"
        case .requestTaking: "upstream_taking"
        case .responseHead: "response"
        case .halfClosed: "half_close"
        case .responseBody: "upstream"
        case .flow: "idle"
        }
    }
}
