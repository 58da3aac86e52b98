// Parts of the messages that simulated peers send: fields and bodies, with what has to become of
// them on their way.

import TestSupport

/// What a proxy does with a field, as far as it is known when the message is planned.
enum FieldFate {
    /// Passed on as it is.
    case kept
    /// For the next recipient only.
    case dropped
    /// Those that policy decides about.
    case forwardedFor, forwardedProto, forwardedHost, forwarded, via, maxForwards
}

/// A field of a planned message.
struct PlannedField {
    let field: WireField
    let fate: FieldFate
    /// As it is sent, without the line end.
    let line: String

    init(_ name: String, _ value: String, _ fate: FieldFate = .kept) {
        field = WireField(name, value)
        self.fate = fate
        line = "\(name): \(value)"
    }

    /// With any white space around the value and any case in the name.
    init(
        _ name: String, _ value: String, _ fate: FieldFate = .kept, by random: inout SeededRandom
    ) {
        let name = Self.anyCase(name, &random)
        field = WireField(name, value)
        self.fate = fate
        let before = random.pick([" ", " ", " ", "", "  ", "\t", " \t "])
        let after = random.pick(["", "", "", " ", "\t "])
        line = "\(name):\(before)\(value)\(after)"
    }

    static func anyCase(_ text: String, _ random: inout SeededRandom) -> String {
        switch random.pick(0...3) {
        case 0: text.lowercased()
        case 1: text.uppercased()
        default: text
        }
    }

    /// A field that means nothing to a proxy. Values hold any byte that a value may.
    static func any(_ random: inout SeededRandom) -> PlannedField {
        let names = ["Accept", "User-Agent", "X-Note", "Cookie", "ETag", "x!#$%&'*+-.^_`|~9"]
        let words = [
            "", "a", "*/*", "text/html; q=0.5, */*", "a=b; c=\"d e\"", "caf\u{E9}\u{80}\u{FF}",
            "tab\tinside", "GET / HTTP/1.1", "chunked", "0", ":", "x: y", "\\\"",
        ]
        return PlannedField(random.pick(names), random.pick(words), by: &random)
    }
}

/// How a body is sent.
enum BodyManner {
    case none, length, chunked, untilClose
}

/// A body with its framing.
struct PlannedBody {
    let manner: BodyManner
    let content: [UInt8]
    let trailers: [WireField]
    /// As it is sent.
    let wire: [UInt8]

    static let none = PlannedBody(.none, [])

    /// A body that needs no framing of its own.
    init(_ manner: BodyManner, _ content: [UInt8]) {
        self.manner = manner
        self.content = content
        trailers = []
        wire = content
    }

    /// Cuts `content` into chunks, with extensions and trailers.
    init(chunking content: [UInt8], by random: inout SeededRandom) {
        manner = .chunked
        self.content = content
        var text = [UInt8]()
        var position = 0
        while position < content.count {
            let count = min(content.count - position, max(1, random.magnitude(upTo: 20_000)))
            text += Latin1.bytes(Self.sizeLine(count, &random))
            text += content[position..<position + count]
            text += [13, 10]
            position += count
        }
        trailers =
            random.chance(700)
            ? []
            : (0..<random.pick(1...3)).map { WireField("X-Trailer-\($0)", "value \($0 * 7)") }
        text += Latin1.bytes(Self.sizeLine(0, &random))
        for trailer in trailers { text += Latin1.bytes("\(trailer)\r\n") }
        wire = text + [13, 10]
    }

    private static func sizeLine(_ count: Int, _ random: inout SeededRandom) -> String {
        let digits = String(count, radix: 16, uppercase: random.chance(500))
        let zeros = String(repeating: "0", count: random.chance(200) ? random.pick(1...4) : 0)
        let tails = [";a", ";name=value", " ; a=\"q;\\\"uoted\\\\\"", ";a;b=c;d=\"\""]
        return zeros + digits + (random.chance(250) ? random.pick(tails) : "") + "\r\n"
    }

    /// Bytes that nobody can take for others. Some of them look like messages.
    static func content(_ number: Int, _ count: Int, by random: inout SeededRandom) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let position = 1 + random.pick(0...60_000)
        bytes.withUnsafeMutableBytes {
            ByteStream(number: UInt8(truncatingIfNeeded: number)).fill($0, from: position)
        }
        let poison = Latin1.bytes(random.pick(poisons))
        guard random.chance(200), count > poison.count else { return bytes }
        let place = random.pick(0...count - poison.count)
        bytes.replaceSubrange(place..<place + poison.count, with: poison)
        return bytes
    }

    /// Whoever finds one of these in a place where a message may begin gives it away by its number.
    static let poisons = [
        "GET /poison HTTP/1.1\r\nHost: poison\r\nX-Request: 999999\r\n\r\n",
        "\r\n0\r\n\r\nGET /poison HTTP/1.1\r\nHost: poison\r\nX-Request: 999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Answer: 999999\r\n\r\n",
        "\r\n\r\n",
    ]
}
