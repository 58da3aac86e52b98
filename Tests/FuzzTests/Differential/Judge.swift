// Our verdicts on messages that another program sends: one line of answer for each. Built together
// with the parsers by `compare.py`.
//
// A message: a byte that says what it is (`q` request, `r` response, `h` response to HEAD, `c`
// response to CONNECT), four bytes of length, lowest first, and the bytes. An answer: words
// separated by spaces, bytes in hexadecimal digits (`-` for none).

import Glibc

@main
struct Judge: ~Copyable {
    var request = RequestHead()
    var response = ResponseHead()

    static func main() {
        var judge = Judge()
        let input = readAll()[...]
        var rest = input
        while rest.count >= 5 {
            let opening = Array(rest.prefix(5))
            let count = opening[1...].reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(5)
            print(judge.answer(kind: opening[0], Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
    }

    private static func readAll() -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(STDIN_FILENO, &piece, piece.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }

    private mutating func answer(kind: UInt8, _ message: [UInt8]) -> String {
        kind == UInt8(ascii: "q") ? answerRequest(message) : answerResponse(kind, message)
    }

    /// `complete METHOD TARGET VERSION NAME:VALUE,... BODY`
    private mutating func answerRequest(_ message: [UInt8]) -> String {
        var progress = HeadProgress()
        let bytes = message.span
        let verdict = request.parse(bytes, limits: HeadLimits(), progress: &progress)
        guard verdict == .complete else { return describe(verdict) }
        let words = [
            "complete", hex(bytes, request.methodBytes), hex(bytes, request.target),
            request.version == .http11 ? "1.1" : "1.0", fields(request.fields, bytes),
            body(request.framing, message[request.length...]),
        ]
        return words.joined(separator: " ")
    }

    /// `complete STATUS REASON VERSION NAME:VALUE,... BODY`
    private mutating func answerResponse(_ kind: UInt8, _ message: [UInt8]) -> String {
        let answering: RequestKind =
            switch kind {
            case UInt8(ascii: "h"): .head
            case UInt8(ascii: "c"): .connect
            default: .other
            }
        var progress = HeadProgress()
        let bytes = message.span
        let verdict = response.parse(
            bytes, limits: HeadLimits(), answering: answering, progress: &progress)
        guard verdict == .complete else { return describe(verdict) }
        let words = [
            "complete", "\(response.status)", hex(bytes, response.reason),
            response.version == .http11 ? "1.1" : "1.0", fields(response.fields, bytes),
            body(response.framing, message[response.length...]),
        ]
        return words.joined(separator: " ")
    }

    private func describe(_ verdict: HeadVerdict) -> String {
        if case .refused(let refusal) = verdict { return "refused \(refusal)" }
        return "incomplete"
    }

    /// `FRAMING OUTCOME DATA REST`: the outcome is `finished`, `more` or why it was refused, the
    /// rest the number of bytes behind the message.
    private func body(_ framing: BodyFraming, _ rest: ArraySlice<UInt8>) -> String {
        let bytes = Array(rest)
        switch framing {
        case .none: return "none finished - \(bytes.count)"
        case .length(let length):
            let count = Int(min(length, UInt64(bytes.count)))
            let outcome = UInt64(count) == length ? "finished" : "more"
            return "length \(outcome) \(hex(bytes[..<count])) \(bytes.count - count)"
        case .untilClose: return "untilClose more \(hex(bytes[...])) 0"
        case .chunked: return "chunked " + chunks(bytes)
        }
    }

    private func chunks(_ bytes: [UInt8]) -> String {
        var decoder = ChunkedDecoder()
        var data: [UInt8] = []
        var offset = 0
        while true {
            switch decoder.next(bytes.span, from: offset) {
            case .data(let start, let count):
                data += bytes[start..<start + count]
                offset = start + count
            case .needsMore: return "more \(hex(data[...])) 0"
            case .finished(let end): return "finished \(hex(data[...])) \(bytes.count - end)"
            case .refused(let refusal): return "\(refusal) \(hex(data[...])) 0"
            }
        }
    }

    private func fields(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> String {
        var lines: [String] = []
        for index in 0..<fields.count {
            lines.append(hex(bytes, fields[index].name) + ":" + hex(bytes, fields[index].value))
        }
        return lines.isEmpty ? "-" : lines.joined(separator: ",")
    }

    private func hex(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        hex((Int(range.start)..<range.end).map { bytes[$0] }[...])
    }

    private func hex(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        guard !bytes.isEmpty else { return "-" }
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}
