// The secret that opens an admin address which others can reach.

/// What `Authorization: Bearer` has to say (RFC 6750 section 2.1).
package struct AdminToken: Equatable, Sendable {
    /// Bytes of a token. Shorter ones could be guessed.
    package static let bytes = 16...256
    /// The variable that keeps a token out of the list of processes.
    package static let variable = "GYRE_ADMIN_TOKEN"

    package let text: String

    /// - Throws: what is wrong with it, as a sentence that does not tell it.
    package init(parsing text: String) throws(AdminTokenError) {
        guard Self.bytes.contains(text.utf8.count) else { throw .badLength(text.utf8.count) }
        guard text.utf8.allSatisfy(Self.isTokenByte) else { throw .badByte }
        self.text = text
    }

    /// The token of the environment; `nil` when the variable is missing or empty.
    package static func fromEnvironment() throws(AdminTokenError) -> AdminToken? {
        guard let text = Environment.value(variable) else { return nil }
        return try AdminToken(parsing: text)
    }

    /// Whether `credentials`, the value of Authorization, are these. Takes as long for a token
    /// that is wrong in its first byte as for one that is wrong in its last.
    func matches(credentials: String?) -> Bool {
        let given = Array((credentials ?? "").utf8)
        let scheme = Array("bearer ".utf8)
        let isBearer = given.prefix(scheme.count).map { $0 | 0x20 } == scheme
        let presented = given.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") }
        return Self.areEqual(Array(presented), Array(text.utf8)) && isBearer
    }

    private static func areEqual(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
        var difference: UInt8 = given.count == expected.count ? 0 : 1
        for index in expected.indices {
            difference |= expected[index] ^ (index < given.count ? given[index] : 0)
        }
        return difference == 0
    }

    /// `b64token`.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(byte)
        }
    }
}

/// Why a text is not a token.
package enum AdminTokenError: Error, Equatable, Sendable {
    case badLength(Int)
    case badByte
}

extension AdminTokenError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badLength(let count):
            "the admin token has \(count) bytes; expected \(AdminToken.bytes.lowerBound) to"
                + " \(AdminToken.bytes.upperBound)"
        case .badByte:
            "the admin token has a character that is not a letter, a digit or one of -._~+/="
        }
    }
}
