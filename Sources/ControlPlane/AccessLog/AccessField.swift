// What can be told of an exchange or a flow: keys of JSON lines, and variables of templates.

/// A value of a line, by the name that lines and templates know it by.
enum AccessField: String, CaseIterable, Sendable {
    case time
    case kind
    case client
    case listener
    case route
    case method
    case target
    case version
    case host
    case status
    case bytesIn = "bytes_in"
    case bytesOut = "bytes_out"
    case upstream
    case endpoint
    case tries
    case retries
    case totalUs = "total_us"
    case queueUs = "queue_us"
    case connectUs = "connect_us"
    case firstByteUs = "first_byte_us"
    case ownUs = "own_us"
    case end
    case requestID = "request_id"
    case traceID = "trace_id"
    case traceparent
    case userAgent = "user_agent"
    case referer
    case worker
    case connection
    // Of templates alone.
    case timeCommon = "time_common"
    case request
    case bodyBytesOut = "body_bytes_out"

    /// What JSON lines have, in this order.
    static let ofJSON = allCases.filter { ![.timeCommon, .request, .bodyBytesOut].contains($0) }

    /// Whether its value is a number in JSON.
    var isNumber: Bool {
        switch self {
        case .status, .bytesIn, .bytesOut, .bodyBytesOut, .tries, .retries, .totalUs, .queueUs,
            .connectUs, .firstByteUs, .ownUs, .worker, .connection:
            true
        case .time, .kind, .client, .listener, .route, .method, .target, .version, .host,
            .upstream, .endpoint, .end, .requestID, .traceID, .traceparent, .userAgent, .referer,
            .timeCommon, .request:
            false
        }
    }
}
