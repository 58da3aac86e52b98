// How much a turn should wait for. Under load, a turn per event spends more on the crossing than
// on the event, and a bounded wait lets several gather. That is worth it only where processor time
// is scarce: a worker that has time to spare answers each event at once.

/// The recent rate of completions that nothing but the outside world caused, and what part of its
/// processor the worker needed for them.
struct WorkPace {
    /// The rate is taken over at least this time, so a sleep resets it.
    private static let windowNs: UInt64 = 1_000_000
    /// Processor time is taken over at least this time: reading it is a system call.
    private static let loadWindowNs: UInt64 = 10_000_000
    /// Part of a processor, in 1/256, from which a wait begins to be worth it, and from which it is
    /// as long as it may be. Gathering lowers the load: a step would swing to and fro.
    private static let loadMin: UInt64 = 154
    private static let loadFull: UInt64 = 205

    /// The longest that an event may wait for others, in microseconds.
    private let waitUsMax: UInt64
    /// Fewer than this within a wait are not worth it.
    private let batchMin: UInt64
    private let batchMax: UInt64
    /// Sockets for each event that is waited for. Few sockets in lockstep would all be waiting for
    /// the answer to what is held back.
    private let socketsPerEvent: Int
    /// Whether the wait depends on the load.
    private let measuresLoad: Bool
    /// Whether a turn may wait for more than its first event.
    let gathers: Bool

    /// The longest wait at present, in microseconds (as a minimum wait, 6.12).
    private(set) var waitUs: UInt32
    private var perWait: UInt32 = 1
    private var windowStartNs: UInt64
    private var windowNews: UInt64 = 0
    private var loadWindowStartNs: UInt64
    private var processorTimeNs: UInt64 = 0

    init(_ policy: WaitPolicy, nowNs: UInt64) {
        windowStartNs = nowNs
        loadWindowStartNs = nowNs
        switch policy.mode {
        case .latency: (waitUsMax, batchMin, batchMax, socketsPerEvent) = (0, .max, 1, 1)
        case .adaptive: (waitUsMax, batchMin, batchMax, socketsPerEvent) = (100, 5, 64, 8)
        case .throughput: (waitUsMax, batchMin, batchMax, socketsPerEvent) = (300, 3, 256, 3)
        }
        gathers = policy.mode != .latency
        // Who watches instead of sleeping always looks busy, and wants no waits.
        measuresLoad = policy.mode == .adaptive && !policy.isBusy
        waitUs = policy.mode == .adaptive ? 0 : UInt32(waitUsMax)
    }

    /// Events to wait for: 1 unless they come in fast and from many sockets, and the wait for them
    /// has an end: the rate may still be that of a busier time.
    func batch(sockets: Int) -> UInt32 {
        guard waitUs > 0 else { return 1 }
        return max(min(perWait, UInt32(clamping: sockets / socketsPerEvent)), 1)
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

    /// Whether it is time to tell the processor time.
    func wantsProcessorTime(nowNs: UInt64) -> Bool {
        measuresLoad && nowNs &- loadWindowStartNs >= Self.loadWindowNs
    }

    /// Takes the thread's processor time so far, and adapts the wait to the load since the last.
    mutating func note(processorTimeNs: UInt64, nowNs: UInt64) {
        let usedNs = processorTimeNs &- self.processorTimeNs
        let load = min(usedNs, UInt64(UInt32.max)) * 256 / max(nowNs &- loadWindowStartNs, 1)
        let part = min(max(load, Self.loadMin), Self.loadFull) - Self.loadMin
        waitUs = UInt32(waitUsMax * part / (Self.loadFull - Self.loadMin))
        self.processorTimeNs = processorTimeNs
        loadWindowStartNs = nowNs
    }
}
