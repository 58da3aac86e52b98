// What is said about a head: whole, not yet whole, or refused and why. Every rule that can refuse
// has its own case, so that logs, tests and answers can name it.

/// The outcome of one look at a head.
package enum HeadVerdict: BitwiseCopyable, Equatable, Sendable {
    /// The head is whole and keeps all rules; its facts can be read.
    case complete
    /// More bytes are needed. Nothing else can be read.
    case incomplete
    /// A rule is broken. More bytes would not change that.
    case refused(HeadRefusal)
}

/// How far an incomplete head has been looked at. Kept per connection between two looks.
package struct HeadProgress: BitwiseCopyable, Sendable {
    /// Bytes that have been searched for the end of a line.
    var scanned: UInt16 = 0
    /// Lines that were found good: the start line and then the fields.
    var lines: UInt16 = 0

    /// At a head's beginning.
    package init() {}

    /// Whether nothing of the head has been looked at.
    package var isAtStart: Bool { scanned == 0 && lines == 0 }

    /// Where the lines begin that have become whole since the last look; `nil` when none has, for
    /// the price of the new bytes.
    func newLines(_ bytes: Span<UInt8>, to end: Int) -> Int? {
        precondition(Int(scanned) <= end, "an incomplete head has lost bytes")
        guard HeadScanner.lineFeed(bytes, from: Int(scanned), to: end) != nil else { return nil }
        return HeadScanner.lineStart(bytes, before: Int(scanned))
    }
}

/// Why a head was refused.
package enum HeadRefusal: UInt8, Error, BitwiseCopyable, Equatable, Sendable, CaseIterable {
    case notHTTP
    case headTooLong
    case bareLineFeed
    case bareCarriageReturn
    case malformedRequestLine
    case malformedMethod
    case methodTooLong
    case malformedTarget
    case targetTooLong
    case targetFormNotAllowed
    case unsupportedScheme
    case malformedAuthority
    case malformedVersion
    case unsupportedVersion
    case malformedStatusLine
    case statusOutOfRange
    case controlInReason
    case folded
    case fieldNameEmpty
    case spaceBeforeColon
    case malformedFieldName
    case controlInValue
    case tooManyFields
    case hostMissing
    case hostRepeated
    case malformedHost
    case hostDisagrees
    case malformedConnection
    case connectionOptionForbidden
    case tooManyConnectionOptions
    case lengthRepeated
    case malformedLength
    case lengthTooLarge
    case lengthWithCoding
    case codingInHTTP10
    case malformedCoding
    case unknownCoding
    case codingRepeated
    case bodyNotAllowed
    case unknownExpectation
    case malformedMaxForwards
    case switchingWithoutUpgrade

    /// The status that tells a client (RFC 9110 section 15). A refused response becomes a 502.
    package var status: UInt16 {
        switch self {
        case .targetTooLong: 414
        case .unknownExpectation: 417
        case .headTooLong, .tooManyFields: 431
        case .methodTooLong, .unknownCoding: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// Whether more was sent than may be.
    package var isOfSize: Bool {
        switch self {
        case .targetTooLong, .headTooLong, .tooManyFields, .methodTooLong, .lengthTooLarge: true
        default: false
        }
    }

    /// What is wrong, in a few words: lower case ASCII without quotes or backslashes.
    package var reason: StaticString {
        switch self {
        case .notHTTP: "not an HTTP message"
        case .headTooLong: "head too long"
        case .bareLineFeed: "bare LF as line end"
        case .bareCarriageReturn: "bare CR in a line"
        case .malformedRequestLine: "malformed request line"
        case .malformedMethod: "malformed method"
        case .methodTooLong: "method too long"
        case .malformedTarget: "malformed request target"
        case .targetTooLong: "request target too long"
        case .targetFormNotAllowed: "request target does not fit the method"
        case .unsupportedScheme: "unsupported scheme in the request target"
        case .malformedAuthority: "malformed authority in the request target"
        case .malformedVersion: "malformed HTTP version"
        case .unsupportedVersion: "unsupported HTTP version"
        case .malformedStatusLine: "malformed status line"
        case .statusOutOfRange: "status outside 100 to 599"
        case .controlInReason: "control character in the reason phrase"
        case .folded: "folded field line"
        case .fieldNameEmpty: "empty field name"
        case .spaceBeforeColon: "space before the colon"
        case .malformedFieldName: "malformed field name"
        case .controlInValue: "control character in a field value"
        case .tooManyFields: "too many fields"
        case .hostMissing: "host missing"
        case .hostRepeated: "repeated host"
        case .malformedHost: "malformed host"
        case .hostDisagrees: "host differs from the request target"
        case .malformedConnection: "malformed connection options"
        case .connectionOptionForbidden: "connection names a field that must stay"
        case .tooManyConnectionOptions: "too many connection options"
        case .lengthRepeated: "repeated content-length"
        case .malformedLength: "malformed content-length"
        case .lengthTooLarge: "content-length too large"
        case .lengthWithCoding: "both content-length and transfer-encoding"
        case .codingInHTTP10: "transfer-encoding in HTTP/1.0"
        case .malformedCoding: "malformed transfer-encoding"
        case .unknownCoding: "unknown transfer coding"
        case .codingRepeated: "chunked applied more than once"
        case .bodyNotAllowed: "this method has no body"
        case .unknownExpectation: "unknown expectation"
        case .malformedMaxForwards: "malformed max-forwards"
        case .switchingWithoutUpgrade: "protocol switch without upgrade"
        }
    }
}
