// Why a chunked body was refused.

/// Why a chunked body was refused: one case per rule.
package enum ChunkRefusal: UInt8, Error, BitwiseCopyable, Equatable, Sendable, CaseIterable {
    case malformedSize
    case sizeTooLarge
    case malformedExtension
    case lineTooLong
    case bareLineFeed
    case bareCarriageReturn
    case dataNotEnded
    case malformedTrailer
    case folded
    case controlInTrailer
    case trailerForbidden
    case trailersTooLong
    case tooManyTrailers

    /// What is wrong, in a few words: lower case ASCII without quotes or backslashes.
    package var reason: StaticString {
        switch self {
        case .malformedSize: "malformed chunk size"
        case .sizeTooLarge: "chunk size too large"
        case .malformedExtension: "malformed chunk extension"
        case .lineTooLong: "chunk line too long"
        case .bareLineFeed: "bare LF as line end in a chunked body"
        case .bareCarriageReturn: "bare CR in a chunked body"
        case .dataNotEnded: "chunk data longer than its size"
        case .malformedTrailer: "malformed trailer field name"
        case .folded: "folded trailer line"
        case .controlInTrailer: "control character in a trailer value"
        case .trailerForbidden: "field not allowed in trailers"
        case .trailersTooLong: "trailers too long"
        case .tooManyTrailers: "too many trailers"
        }
    }
}
