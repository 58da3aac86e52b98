// How fast news comes in, and so how much of it one turn should wait for. Under load, a turn per
// event spends more on the crossing than on the event; a bounded wait lets several gather.

/// The recent rate of completions that nothing but the outside world caused.
struct WorkPace {
    /// The longest that an event may wait for others, in microseconds (as a minimum wait, 6.12).
    static let waitUs: UInt32 = 100
    /// Fewer than this within `waitUs` are not worth a wait: the worker is mostly idle then.
    private static let batchMin: UInt64 = 5
    private static let batchMax: UInt64 = 64
    /// The rate is taken over at least this time, so a sleep resets it.
    private static let windowNs: UInt64 = 1_000_000

    private var windowStartNs: UInt64
    private var windowNews: UInt64 = 0

    private var perWait: UInt32 = 1

    init(nowNs: UInt64) {
        windowStartNs = nowNs
    }

    /// Events to wait for: 1 unless they come in fast and from many sockets. Few sockets in
    /// lockstep would all be waiting for the answer to what is held back.
    func batch(sockets: Int) -> UInt32 {
        max(min(perWait, UInt32(clamping: sockets / 8)), 1)
    }

    /// Counts what one turn brought.
    mutating func note(news: UInt32, nowNs: UInt64) {
        windowNews &+= UInt64(news)
        let elapsedNs = nowNs &- windowStartNs
        guard elapsedNs >= Self.windowNs else { return }
        let perWait = windowNews &* UInt64(Self.waitUs) &* 1000 / elapsedNs
        self.perWait = perWait < Self.batchMin ? 1 : UInt32(min(perWait, Self.batchMax))
        windowStartNs = nowNs
        windowNews = 0
    }
}
