// Why the beginning of a connection is no PROXY header.

/// Why a header was refused: one case per rule.
package enum ProxyRefusal: UInt8, Error, BitwiseCopyable, Equatable, Sendable, CaseIterable {
    case notProxy
    case lineTooLong
    case bareLineEnd
    case unknownProtocol
    case malformedAddress
    case malformedPort
    case malformedLine
    case unsupportedVersion
    case unknownCommand
    case unknownFamily
    case headerTooLong
    case addressTruncated
    case malformedVector
    case wrongChecksum

    /// What is wrong, in a few words: lower case ASCII without quotes or backslashes.
    package var reason: StaticString {
        switch self {
        case .notProxy: "no PROXY header"
        case .lineTooLong: "line longer than 107 bytes"
        case .bareLineEnd: "CR or LF alone"
        case .unknownProtocol: "unknown protocol"
        case .malformedAddress: "malformed address"
        case .malformedPort: "malformed port"
        case .malformedLine: "something behind the last port"
        case .unsupportedVersion: "unsupported version"
        case .unknownCommand: "unknown command"
        case .unknownFamily: "unknown address family or transport"
        case .headerTooLong: "header longer than 4096 bytes"
        case .addressTruncated: "addresses longer than the header"
        case .malformedVector: "malformed TLV"
        case .wrongChecksum: "wrong checksum"
        }
    }
}
