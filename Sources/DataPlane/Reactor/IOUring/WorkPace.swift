// How fast news comes in, and so how much of it one turn should wait for. Under load, a turn per
// event spends more on the crossing than on the event; a bounded wait lets several gather.

/// The recent rate of completions that nothing but the outside world caused.
struct WorkPace {
    /// The rate is taken over at least this time, so a sleep resets it.
    private static let windowNs: UInt64 = 1_000_000

    /// The longest that an event may wait for others, in microseconds (as a minimum wait, 6.12).
    let waitUs: UInt32
    /// Fewer than this within `waitUs` are not worth a wait: the worker is mostly idle then.
    private let batchMin: UInt64
    private let batchMax: UInt64
    /// Sockets for each event that is waited for. Few sockets in lockstep would all be waiting for
    /// the answer to what is held back.
    private let socketsPerEvent: Int

    private var windowStartNs: UInt64
    private var windowNews: UInt64 = 0
    private var perWait: UInt32 = 1

    init(_ mode: WaitMode, nowNs: UInt64) {
        windowStartNs = nowNs
        switch mode {
        case .latency: (waitUs, batchMin, batchMax, socketsPerEvent) = (0, .max, 1, 1)
        case .adaptive: (waitUs, batchMin, batchMax, socketsPerEvent) = (100, 5, 64, 8)
        case .throughput: (waitUs, batchMin, batchMax, socketsPerEvent) = (300, 3, 256, 3)
        }
    }

    /// Whether a wait may be for more than the first event.
    var gathers: Bool { waitUs > 0 }

    /// Events to wait for: 1 unless they come in fast and from many sockets.
    func batch(sockets: Int) -> UInt32 {
        max(min(perWait, UInt32(clamping: sockets / socketsPerEvent)), 1)
    }

    /// Counts what one turn brought.
    mutating func note(news: UInt32, nowNs: UInt64) {
        windowNews &+= UInt64(news)
        let elapsedNs = nowNs &- windowStartNs
        guard elapsedNs >= Self.windowNs else { return }
        let perWait = windowNews &* UInt64(waitUs) &* 1000 / elapsedNs
        self.perWait = perWait < batchMin ? 1 : UInt32(min(perWait, batchMax))
        windowStartNs = nowNs
        windowNews = 0
    }
}
