// One client connection of the bench's origin: the end of each head gets the same answer, and
// nothing else is looked at. It is to cost as little as it can, because it shares a processor with
// the load where there are only two. Pure.

/// Answers requests that have no body.
struct FixedSession: OriginSession, Sendable {
    private let answer: [UInt8]
    /// How many bytes of the empty line that ends a head have come.
    private var matched = 0

    let isOver = false
    let delayMs: UInt64 = 0

    /// - Parameter bodyBytes: of every answer, 1 or more.
    init(bodyBytes: Int) {
        let head = """
            HTTP/1.1 200 OK\r
            Content-Type: text/plain\r
            Content-Length: \(bodyBytes)\r
            \r\n
            """
        answer = Array(head.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: bodyBytes)
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var heads = 0
        for byte in bytes {
            // \r, \n, \r, \n in turns.
            let expected: UInt8 = matched & 1 == 0 ? 0x0D : 0x0A
            matched = byte == expected ? matched + 1 : byte == 0x0D ? 1 : 0
            guard matched == 4 else { continue }
            matched = 0
            heads += 1
        }
        switch heads {
        case 0: return []
        case 1: return answer
        default: return Array(repeatElement(answer, count: heads).joined())
        }
    }
}
