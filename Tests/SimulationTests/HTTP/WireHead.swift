// Message heads as the peers of the simulation read them: written for this test alone, with
// strings and without a thought for speed, and stricter than anything in the field. Whatever two
// readers could take differently is a fault.

/// What is wrong with bytes that should be a message.
struct WireFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A field line.
struct WireField: Equatable, CustomStringConvertible {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    var description: String { "\(name): \(value)" }

    /// Whether the name is `other`, which is in lower case.
    func isNamed(_ other: String) -> Bool { name.lowercased() == other }
}

/// Bytes and text, one scalar for each byte.
enum Latin1 {
    static func text(_ bytes: some Collection<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    static func bytes(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }
}

/// The head of a request or a response.
struct WireHead {
    let startLine: String
    let fields: [WireField]

    /// - Parameter bytes: through the empty line.
    init(_ bytes: some Collection<UInt8>) throws {
        let text = Array(bytes)
        guard text.count >= 4, text.suffix(4) == [13, 10, 13, 10] else {
            throw WireFault("a head without an empty line")
        }
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for end in text.indices where text[end] == 10 {
            guard end > 0, text[end - 1] == 13 else { throw WireFault("a bare LF") }
            lines.append(text[start..<end - 1])
            start = end + 1
        }
        for line in lines where line.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 }) {
            throw WireFault("a control character in '\(Latin1.text(line))'")
        }
        startLine = Latin1.text(lines[0])
        fields = try lines.dropFirst().dropLast().map(Self.field)
    }

    private static func field(_ line: ArraySlice<UInt8>) throws -> WireField {
        guard let colon = line.firstIndex(of: 58) else {
            throw WireFault("no colon in '\(Latin1.text(line))'")
        }
        let name = line[..<colon]
        guard !name.isEmpty, name.allSatisfy(isToken) else {
            throw WireFault("'\(Latin1.text(line))' does not begin with a name")
        }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 32 || first == 9 { value = value.dropFirst() }
        while let last = value.last, last == 32 || last == 9 { value = value.dropLast() }
        return WireField(Latin1.text(name), Latin1.text(value))
    }

    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// All values of a name, which is in lower case.
    func values(_ name: String) -> [String] {
        fields.filter { $0.isNamed(name) }.map(\.value)
    }

    /// The value of a field that may come once at most.
    func value(_ name: String) throws -> String? {
        let values = values(name)
        guard values.count <= 1 else { throw WireFault("\(values.count) fields named \(name)") }
        return values.first
    }

    /// The elements of all fields of a name, in lower case.
    func elements(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
    }

    /// The length that Content-Length tells.
    func contentLength() throws -> Int? {
        guard let text = try value("content-length") else { return nil }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(text) else {
            throw WireFault("a length of '\(text)'")
        }
        return length
    }

    /// Whether the body is chunked: the only coding, said once, and no length beside it.
    func isChunked() throws -> Bool {
        guard let coding = try value("transfer-encoding") else { return false }
        guard coding == "chunked" else { throw WireFault("a transfer coding '\(coding)'") }
        guard values("content-length").isEmpty else {
            throw WireFault("both a length and a transfer coding")
        }
        return true
    }
}

/// Where a message's body ends.
enum WireFraming: Equatable {
    case none
    case length(Int)
    case chunked
    case untilClose
    /// What follows are no messages any more.
    case tunnel
}

extension WireHead {
    /// The three parts of a request line, which has to be of HTTP/1.1.
    func requestLine() throws -> (method: String, target: String) {
        let parts = startLine.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2] == "HTTP/1.1", !parts[1].isEmpty, !parts[0].isEmpty,
            parts[0].utf8.allSatisfy(Self.isToken)
        else { throw WireFault("a request line '\(startLine)'") }
        return (String(parts[0]), String(parts[1]))
    }

    func requestFraming() throws -> WireFraming {
        if try isChunked() { return .chunked }
        guard let length = try contentLength(), length > 0 else { return .none }
        return .length(length)
    }

    /// The status of a response, which has to be of HTTP/1.1.
    func status() throws -> Int {
        let line = Array(startLine.utf8)
        guard startLine.hasPrefix("HTTP/1.1 "), line.count >= 13, line[12] == 32,
            let status = Int(Latin1.text(line[9..<12])), (100...599).contains(status)
        else { throw WireFault("a status line '\(startLine)'") }
        return status
    }

    func responseFraming(to method: String) throws -> WireFraming {
        let status = try status()
        let isChunked = try isChunked()
        let length = try contentLength()
        if status == 101 || method == "CONNECT" && status / 100 == 2 {
            guard !isChunked, length == nil else { throw WireFault("a tunnel with a framing") }
            return .tunnel
        }
        if status < 200 || status == 204 {
            guard !isChunked, length == nil else { throw WireFault("a framed \(status)") }
            return .none
        }
        if method == "HEAD" || status == 304 { return .none }
        if isChunked { return .chunked }
        guard let length else { return .untilClose }
        return length == 0 ? .none : .length(length)
    }
}
