// HTTP/1 messages as a strict reader takes them from the wire, for both ends of the proxy.

/// The start line and fields of a message, as they came.
public struct HTTPHead: Sendable, CustomStringConvertible {
    /// One field line.
    public struct Field: Equatable, Sendable {
        public let name: String
        public let value: String
    }

    public let startLine: String
    public let fields: [Field]

    /// Reads a head.
    ///
    /// - Parameter text: from the start line to the CR LF of the last field line.
    /// - Throws: `TestFailure` for anything that two readers could take differently.
    init(_ text: String) throws {
        var lines: [Substring] = []
        var rest = text[...].unicodeScalars
        while let end = rest.firstIndex(of: "\r") {
            lines.append(Substring(rest[..<end]))
            rest = rest[end...].dropFirst()
            guard rest.first == "\n" else { throw TestFailure("CR without LF in: \(text)") }
            rest = rest.dropFirst()
        }
        guard rest.isEmpty, let first = lines.first, !text.unicodeScalars.contains("\0"),
            !lines.contains(where: { $0.unicodeScalars.contains("\n") })
        else { throw TestFailure("no head: \(text)") }
        startLine = String(first)
        fields = try lines.dropFirst().map(Self.field)
    }

    private static func field(_ line: Substring) throws -> Field {
        guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
            !line[..<colon].contains(where: \.isWhitespace)
        else { throw TestFailure("no field line: \(line)") }
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var value = line[colon...].dropFirst().drop(while: blank)
        while let last = value.last, blank(last) { value.removeLast() }
        return Field(name: String(line[..<colon]), value: String(value))
    }

    public var description: String {
        ([startLine] + fields.map { "\($0.name): \($0.value)" }).joined(separator: "\n")
    }

    /// The values of every field line of a name, whatever its case.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The value of the only field line of a name; `nil` when there is none or more than one.
    public subscript(name: String) -> String? {
        let values = values(name)
        return values.count == 1 ? values[0] : nil
    }

    /// Whether a list-valued field has a member, whatever its case.
    public func has(_ member: String, in name: String) -> Bool {
        values(name).flatMap { $0.split(separator: ",") }.contains {
            $0.trimmingBlanks().lowercased() == member.lowercased()
        }
    }

    /// How the body is delimited; `nil` when the head does not say (RFC 9112 section 6.3).
    func framing() throws -> HTTPFraming? {
        let codings = values("Transfer-Encoding")
        let lengths = values("Content-Length")
        switch (codings.count, lengths.count) {
        case (0, 0): return nil
        case (1, 0) where codings[0].lowercased() == "chunked": return .chunked
        case (0, 1):
            guard let length = Int(lengths[0]), lengths[0].allSatisfy(\.isASCIIDigit) else {
                throw TestFailure("Content-Length: \(lengths[0])")
            }
            return .length(length)
        default: throw TestFailure("ambiguous framing: \(self)")
        }
    }
}

/// How the end of a body is found.
enum HTTPFraming {
    case length(Int)
    case chunked
    case untilEnd
}

/// A request with its body.
public struct HTTPRequest: Sendable {
    public let head: HTTPHead
    public let body: [UInt8]
    public let trailers: [HTTPHead.Field]

    public var method: String { String(head.startLine.prefix { $0 != " " }) }

    public var target: String {
        let words = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
        return words.count == 3 ? String(words[1]) : ""
    }
}

/// A response with its body.
public struct HTTPResponse: Sendable {
    public let head: HTTPHead
    public let body: [UInt8]
    public let trailers: [HTTPHead.Field]

    /// 0 when the status line is malformed.
    public var status: Int { Self.status(head) }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    static func status(_ head: HTTPHead) -> Int {
        let words = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 3, words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0",
            words[1].count == 3, words[1].allSatisfy(\.isASCIIDigit)
        else { return 0 }
        return Int(words[1]) ?? 0
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
