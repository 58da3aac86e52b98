// What happened to endpoints' health, on its way to the log: a bounded queue with many writers
// (every worker, the thread of the checks, the control plane) and one reader. Each change is told
// once, by whoever made it; what finds no room is counted.

internal import CLinux

/// One change of one endpoint's state.
package struct HealthChange: Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// Requests failed one after the other: no new ones for `durationMs`.
        case ejected
        /// The ejection is over.
        case readmitted
        /// Active checks failed.
        case wentDown
        /// Active checks passed.
        case wentUp
        /// The operator takes it out of service, and puts it back.
        case drained
        case undrained
    }

    package let kind: Kind
    /// What made the last failure; `nil` for changes that are not failures.
    package let cause: HealthCause?
    /// Errno or HTTP status, as the cause has it; else 0.
    package let code: UInt16
    package let endpoint: UInt32
    package let upstream: UInt16
    /// How many failures or passed checks in a row led to it, at most 65,535.
    package let count: UInt16
    /// How long an ejection lasts; 0 for the other changes.
    package let durationMs: UInt32

    package init(
        _ kind: Kind, endpoint: UInt32, upstream: UInt16, cause: HealthCause? = nil,
        code: UInt16 = 0, count: Int = 0, durationMs: UInt32 = 0
    ) {
        self.kind = kind
        self.cause = cause
        self.code = code
        self.endpoint = endpoint
        self.upstream = upstream
        self.count = UInt16(clamping: count)
        self.durationMs = durationMs
    }

    /// `kind:8 | cause + 1:8 | code:16 | endpoint:32` and `upstream:16 | count:16 | durationMs:32`.
    fileprivate var packed: (UInt64, UInt64) {
        let causeBits = cause.map { UInt64($0.rawValue) + 1 } ?? 0
        let what = UInt64(kind.rawValue) << 56 | causeBits << 48 | UInt64(code) << 32
        let scale = UInt64(upstream) << 48 | UInt64(count) << 32 | UInt64(durationMs)
        return (what | UInt64(endpoint), scale)
    }

    fileprivate init?(packed: (UInt64, UInt64)) {
        guard let kind = Kind(rawValue: UInt8(packed.0 >> 56)) else { return nil }
        let causeBits = UInt8(truncatingIfNeeded: packed.0 >> 48)
        self.init(
            kind, endpoint: UInt32(truncatingIfNeeded: packed.0),
            upstream: UInt16(truncatingIfNeeded: packed.1 >> 48),
            cause: causeBits == 0 ? nil : HealthCause(rawValue: causeBits - 1),
            code: UInt16(truncatingIfNeeded: packed.0 >> 32),
            count: Int(packed.1 >> 32 & 0xFFFF),
            durationMs: UInt32(truncatingIfNeeded: packed.1))
    }
}

/// What counts as a failure of an endpoint.
package enum HealthCause: UInt8, Sendable, CaseIterable {
    /// No connection; the code is the errno value.
    case connectFailed
    /// No connection within the time allowed.
    case connectTimedOut
    /// The connection ended before the answer was whole; the code is the errno value, 0 at its end.
    case reset
    /// No answer within the time allowed.
    case timedOut
    /// A status that means failure; the code is the status.
    case badStatus
    /// What it sent is not a response.
    case badResponse
}

/// The queue of changes. Copies refer to the same queue.
struct HealthChanges: BitwiseCopyable, Sendable {
    static let capacity = 1024
    /// A cell is the turn it is ready for and a change in two words. In turn `2 * lap` a writer may
    /// fill it, in turn `2 * lap + 1` the reader may take it.
    private static let cellWords = 3
    // Words before the cells, on a line of their own.
    private static let tail = 0
    private static let head = 1
    private static let lost = 2
    private static let firstCell = 8

    private let words = SharedWords(count: firstCell + capacity * cellWords)
    private let reader: Descriptor

    /// - Parameter reader: an eventfd that is signalled after each post; none to signal nobody.
    init(reader: Descriptor) {
        self.reader = reader
    }

    /// Any thread.
    func post(_ change: HealthChange) {
        while true {
            let position = words.load(Self.tail)
            let cell = Self.cell(position)
            let turn = words.loadAcquiring(cell)
            let wanted = position / UInt64(Self.capacity) * 2
            if turn == wanted {
                guard words.replace(Self.tail, position, with: position + 1) else { continue }
                let (what, scale) = change.packed
                words.store(cell + 1, what)
                words.store(cell + 2, scale)
                words.storeReleasing(cell, wanted + 1)
                break
            }
            if turn < wanted {
                words.add(Self.lost, 1)
                break
            }
        }
        if reader.isOpen { _ = gyre_event_signal(reader.raw) }
    }

    /// Reader's thread only: the next change.
    func take() -> HealthChange? {
        let position = words.load(Self.head)
        let cell = Self.cell(position)
        let filled = position / UInt64(Self.capacity) * 2 + 1
        guard words.loadAcquiring(cell) == filled else { return nil }
        let change = HealthChange(packed: (words.load(cell + 1), words.load(cell + 2)))
        words.store(Self.head, position + 1)
        words.storeReleasing(cell, filled + 1)
        return change
    }

    /// Reader's thread only: changes that found no room since the last call.
    func takeLost() -> Int {
        words.load(Self.lost) == 0 ? 0 : Int(words.exchange(Self.lost, 0))
    }

    private static func cell(_ position: UInt64) -> Int {
        firstCell + Int(position % UInt64(capacity)) * cellWords
    }
}
