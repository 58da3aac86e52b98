// Paths as a route names them: one, all that begin alike, or all of a shape.

internal import Protocols

/// The paths that a route takes. They are compared in their normal form (`RequestPath`), byte by
/// byte, case included, up to the query.
package enum RoutePath: Sendable, Equatable {
    /// Every path, and requests without one (CONNECT, `OPTIONS *`).
    case any
    /// This one.
    case exact(PathText)
    /// All that begin with these bytes: `/api` fits `/apis`, `/api/` does not fit `/api`.
    case prefix(PathText)
    case pattern(PathPattern)
}

/// A path in its normal form.
package struct PathText: Sendable, Hashable {
    package static let bytesMax = 2048

    package let bytes: [UInt8]

    /// Reads a path as an operator writes it: escaped or not.
    ///
    /// - Throws: when it is no path, or not one that a normal path can be.
    package init(parsing text: String) throws(RouteError) {
        guard text.utf8.first == UInt8(ascii: "/") else { throw .pathWithoutSlash(text) }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .controlInPath(text)
        }
        if let mark = text.first(where: { $0 == "?" || $0 == "#" }) {
            throw .queryInPath(text, mark)
        }
        let segments = text.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isNormal = segments.indices.allSatisfy { index in
            let segment = segments[index]
            return !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
                && (!segment.isEmpty || index == segments.count - 1)
        }
        guard isNormal else { throw .pathNotNormal(text) }
        bytes = try Self.normal(text)
        guard bytes.count <= Self.bytesMax else { throw .pathTooLong(text, max: Self.bytesMax) }
    }

    private static func normal(_ text: String) throws(RouteError) -> [UInt8] {
        let escaped = try escape(text)
        var scratch = [UInt8](repeating: 0, count: escaped.count)
        do {
            var room = scratch.mutableSpan
            let count = try RequestPath.normalise(escaped.span, 0..<escaped.count, into: &room)
            return Array(scratch[..<count])
        } catch {
            throw .pathNotNormal(text)
        }
    }

    /// Escapes what cannot stand in a path.
    private static func escape(_ text: String) throws(RouteError) -> [UInt8] {
        let bytes = Array(text.utf8)
        var escaped: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "%") {
                let digits = bytes[(index + 1)...].prefix(2)
                let areHex = digits.allSatisfy {
                    UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                        || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 | 0x20
                }
                guard digits.count == 2, areHex else { throw .brokenEscape(text) }
                escaped.append(byte)
            } else if ByteClass.isIn(ByteClass.path, byte) {
                escaped.append(byte)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += Array("%\(digits)".utf8)
            }
        }
        return escaped
    }
}

/// Paths of a shape: literal segments, `*` for exactly one, which is not empty, and at the end `**`
/// for the rest, which may be empty: `/users/*/**` fits `/users/7/`, not `/users/7`.
package struct PathPattern: Sendable, Hashable {
    package static let segmentsMax = 32

    /// Between two `any` there is a literal.
    enum Part: Hashable {
        case literal([UInt8])
        case any
        case rest
    }

    let parts: [Part]

    /// Reads `/users/*/posts/**`.
    ///
    /// - Throws: when it is no path, or a `*` stands for something else than a segment.
    package init(parsing text: String) throws(RouteError) {
        guard text.utf8.first == UInt8(ascii: "/") else { throw .pathWithoutSlash(text) }
        let segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count <= Self.segmentsMax else {
            throw .tooManySegments(text, max: Self.segmentsMax)
        }
        var parts: [Part] = []
        var literal = ""
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            literal += "/"
            guard segment == "*" || segment == "**" && isLast else {
                guard !segment.contains("*") else { throw .misplacedWildcard(text) }
                guard isLast || !segment.isEmpty else { throw .pathNotNormal(text) }
                literal += segment
                if isLast { parts.append(.literal(try PathText(parsing: literal).bytes)) }
                continue
            }
            parts.append(.literal(try PathText(parsing: literal).bytes))
            parts.append(segment == "*" ? .any : .rest)
            literal = ""
        }
        let bytes = parts.reduce(0) { count, part in
            if case .literal(let bytes) = part { count + bytes.count } else { count + 1 }
        }
        guard bytes <= PathText.bytesMax else { throw .pathTooLong(text, max: PathText.bytesMax) }
        self.parts = parts
    }
}

extension RoutePath {
    /// Stands for a whole segment among the bytes of a path.
    static let anySegment: UInt16 = 256

    /// The path as a sequence of bytes and `anySegment`.
    var symbols: [UInt16] {
        switch self {
        case .any: []
        case .exact(let text), .prefix(let text): text.bytes.map(UInt16.init)
        case .pattern(let pattern):
            pattern.parts.flatMap { part -> [UInt16] in
                switch part {
                case .literal(let bytes): bytes.map(UInt16.init)
                case .any: [Self.anySegment]
                case .rest: []
                }
            }
        }
    }

    /// Whether anything may follow.
    var isOpen: Bool {
        switch self {
        case .any, .prefix: true
        case .exact: false
        case .pattern(let pattern): pattern.parts.last == .rest
        }
    }

    /// How many bytes at the beginning are the same in all paths that fit: what a rewrite of the
    /// prefix replaces.
    package var fixedBytes: Int { symbols.prefix { $0 != Self.anySegment }.count }
}
