// The answer to an HTTP check, as far as it is needed: bytes in, a verdict out. The body is of no
// interest, but read to its end within a bound, so that the endpoint sees no reset.

internal import DataPlane
internal import Protocols

/// One answer on its way.
struct CheckAnswer {
    /// Bytes of all heads of one answer together, and of its body.
    static let headBytesMax = 32 * 1024
    static let bodyBytesMax = 64 * 1024

    private static let limits = HeadLimits(headBytesMax: headBytesMax)

    private let statuses: [ClosedRange<UInt16>]
    private var received: [UInt8] = []
    private var progress = HeadProgress()
    private var bytesTaken = 0

    /// Bytes of the body that are still to be read, once the verdict is there.
    private(set) var bodyBytesLeft = 0

    init(expecting statuses: [ClosedRange<UInt16>]) {
        self.statuses = statuses
    }

    /// Takes what has come.
    ///
    /// - Parameter head: scratch; says nothing afterwards.
    /// - Returns: the verdict; `nil` when more is needed.
    mutating func take(_ fresh: ArraySlice<UInt8>, head: inout ResponseHead) -> CheckOutcome? {
        received += fresh
        bytesTaken += fresh.count
        while true {
            let bytes = received
            let verdict = head.parse(
                bytes.span, limits: Self.limits, answering: .other, progress: &progress)
            switch verdict {
            case .incomplete:
                // Interim responses may follow one another without end.
                return bytesTaken < Self.headBytesMax ? nil : .failed(.badResponse, code: 0)
            case .refused:
                return .failed(.badResponse, code: 0)
            case .complete:
                received.removeFirst(head.length)
                guard !head.isInterim else {
                    progress = HeadProgress()
                    continue
                }
                bodyBytesLeft = bodyBytes(head.framing)
                let isExpected = statuses.contains { $0.contains(head.status) }
                return isExpected ? .passed : .failed(.badStatus, code: Int32(head.status))
            }
        }
    }

    /// Takes bytes behind the verdict.
    mutating func skip(_ count: Int) {
        bodyBytesLeft = max(bodyBytesLeft - count, 0)
    }

    private func bodyBytes(_ framing: BodyFraming) -> Int {
        let wanted =
            switch framing {
            case .none: 0
            case .length(let length): Int(min(length, UInt64(Self.bodyBytesMax)))
            case .chunked, .untilClose: Self.bodyBytesMax
            }
        return max(wanted - received.count, 0)
    }
}
