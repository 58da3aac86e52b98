// What a worker tells about one exchange or flow that ended: a record of fixed size and the texts
// behind it, in the bytes of an `AccessRing`.

package import Protocols

/// What a record is about.
package enum AccessKind: UInt8, BitwiseCopyable, Sendable {
    /// A request with its answer.
    case exchange
    /// A forwarded TCP connection.
    case flow
    /// What an exchange became after a 101, or a 2xx to CONNECT.
    case tunnel
}

/// A text of a record.
package enum AccessText: Int, BitwiseCopyable, Sendable, CaseIterable {
    case method
    /// As it was sent.
    case target
    case host
    case userAgent
    case referer
    /// Accepted or generated.
    case requestID
    /// A traceparent (W3C Trace Context), accepted or generated.
    case traceparent

    /// Bytes that are kept of one; what is longer is cut there.
    package var bytesMax: Int {
        switch self {
        case .method: 32
        case .target: 1024
        case .host: 256
        case .userAgent: 256
        case .referer: 256
        case .requestID: 128
        case .traceparent: 64
        }
    }
}

/// One exchange or flow that ended. Ids are those of the site; `.max` stands for none.
package struct AccessRecord: BitwiseCopyable, Sendable {
    /// A time that there is none of.
    package static let noTime = UInt64.max

    package var kind = AccessKind.exchange
    package var end = EndReason.done
    /// Of HTTP: 0 or 1 behind `HTTP/1.`.
    package var minorVersion: UInt8 = 1
    /// Which of the texts were cut, a bit for each by its raw value.
    package var cutTexts: UInt8 = 0
    /// What the client got; 0 when it got none.
    package var status: UInt16 = 0
    /// How often it was sent to an endpoint.
    package var tries: UInt16 = 0
    package var worker: UInt16 = 0
    package var listener = UInt32.max
    /// As metrics count it.
    package var route = UInt32.max
    package var upstream = UInt32.max
    /// The one that answered, or the last one that was tried.
    package var endpoint = UInt32.max
    /// Tells connections of the worker's clients apart.
    package var connection: UInt64 = 0
    /// Where the client is: all zero for one on a Unix socket.
    package var client = IPBytes(high: 0, low: 0)
    /// When it began, on the monotonic clock.
    package var beganNs: UInt64 = 0
    /// How long it all took; see `WorkerHistogram` for this and the others.
    package var totalNs = noTime
    package var connectNs = noTime
    package var firstByteNs = noTime
    package var ownNs = noTime
    package var queueNs = noTime
    /// From the client, heads included.
    package var bytesIn: UInt64 = 0
    /// To the client, heads included, and without them.
    package var bytesOut: UInt64 = 0
    package var bodyBytesOut: UInt64 = 0
    /// How many bytes each text has, by its raw value.
    package var lengths = InlineArray<7, UInt16>(repeating: 0)

    package init() {}
}
