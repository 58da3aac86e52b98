// The answers on one client connection, read as they come and however they are cut. There is one
// request under way at a time: bytes behind its answer belong to nobody. Pure.

internal import Protocols

/// The client's side of one HTTP/1 connection.
struct AnswerReader: Sendable {
    /// What is known of an answer when it is over.
    struct Answer: Equatable, Sendable {
        let status: UInt16
        let bodyBytes: UInt64
        /// Whether the connection can be used for another request.
        let isPersistent: Bool
    }

    enum Outcome: Equatable, Sendable {
        case more
        case answer(Answer)
        /// What is wrong, in a few words.
        case broken(String)
    }

    private enum Phase {
        case head
        case length(left: UInt64)
        case chunked(ChunkedDecoder)
        case untilClose
    }

    private var phase = Phase.head
    /// What has come of a head that is not whole.
    private var cut: [UInt8] = []
    private var progress = HeadProgress()
    private var status: UInt16 = 0
    private var bodyBytes: UInt64 = 0
    private var isPersistent = false

    /// Takes in what has come.
    ///
    /// - Parameter head: room to read a head in; nothing is kept there.
    mutating func receive(_ bytes: Span<UInt8>, parsing head: inout ResponseHead) -> Outcome {
        var offset = 0
        while offset < bytes.count {
            let rest = bytes.extracting(offset..<bytes.count)
            var isOver = false
            switch phase {
            case .head:
                switch readHead(rest, &head) {
                case .incomplete: return .more
                case .refused(let refusal): return .broken("\(refusal.reason)")
                case .complete(let taken):
                    offset += taken
                    isOver = !head.isInterim && begin(head.framing)
                }
            case .length(let left):
                let taken = min(left, UInt64(rest.count))
                offset += Int(taken)
                bodyBytes += taken
                phase = .length(left: left - taken)
                isOver = taken == left
            case .chunked(var decoder):
                switch decoder.consume(rest) {
                case .more: offset = bytes.count
                case .finished(let end):
                    offset += end
                    isOver = true
                case .refused(let refusal): return .broken("\(refusal.reason)")
                }
                bodyBytes = decoder.bodyBytes
                phase = .chunked(decoder)
            case .untilClose:
                offset = bytes.count
                bodyBytes += UInt64(rest.count)
            }
            if isOver {
                return offset == bytes.count ? .answer(finish()) : .broken("bytes behind an answer")
            }
        }
        return .more
    }

    /// The endpoint has closed its side.
    mutating func end() -> Outcome {
        switch phase {
        case .untilClose: .answer(finish())
        case .head where cut.isEmpty: .broken("closed without an answer")
        default: .broken("closed within an answer")
        }
    }

    private enum HeadOutcome {
        case incomplete
        /// So many of the new bytes belong to it.
        case complete(taken: Int)
        case refused(HeadRefusal)
    }

    private mutating func readHead(
        _ bytes: Span<UInt8>, _ head: inout ResponseHead
    ) -> HeadOutcome {
        let before = cut.count
        var progress = progress
        let verdict: HeadVerdict
        if before == 0 {
            verdict = Self.parse(bytes, &head, &progress)
        } else {
            append(bytes)
            verdict = Self.parse(cut.span, &head, &progress)
        }
        switch verdict {
        case .incomplete:
            if before == 0 { append(bytes) }
            self.progress = progress
            return .incomplete
        case .refused(let refusal):
            return .refused(refusal)
        case .complete:
            cut.removeAll(keepingCapacity: true)
            self.progress = HeadProgress()
            status = head.status
            isPersistent = head.isPersistent
            return .complete(taken: head.length - before)
        }
    }

    private static func parse(
        _ bytes: Span<UInt8>, _ head: inout ResponseHead, _ progress: inout HeadProgress
    ) -> HeadVerdict {
        head.parse(bytes, limits: HeadLimits(), answering: .other, progress: &progress)
    }

    private mutating func append(_ bytes: Span<UInt8>) {
        for index in 0..<bytes.count { cut.append(bytes[index]) }
    }

    /// - Returns: whether the answer is over with its head.
    private mutating func begin(_ framing: BodyFraming) -> Bool {
        switch framing {
        case .none: return true
        case .length(let count): phase = .length(left: count)
        case .chunked: phase = .chunked(ChunkedDecoder())
        case .untilClose: phase = .untilClose
        }
        return false
    }

    private mutating func finish() -> Answer {
        let answer = Answer(status: status, bodyBytes: bodyBytes, isPersistent: isPersistent)
        phase = .head
        bodyBytes = 0
        return answer
    }
}
