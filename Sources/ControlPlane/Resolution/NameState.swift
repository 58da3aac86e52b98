// What is believed of a name, and when to ask again: pure, one value for each name.

/// The last good answer of a name.
struct NameState: Equatable {
    /// A shorter lifetime would ask all the time, a longer one would notice a change too late.
    static let lifetimeMs: ClosedRange<UInt64> = 1_000...3_600_000
    /// Pauses after failures: doubled each time.
    static let pauseMs: ClosedRange<UInt64> = 1_000...30_000

    /// In a fixed order; none before the first answer.
    private(set) var addresses: [NamedAddress] = []
    private var failures: UInt64 = 0

    /// - Returns: what is to be told, and how long the answer is good.
    mutating func take(_ answer: NameAnswer) -> (events: [NameEvent], pauseMs: UInt64) {
        switch answer {
        case .failed(let reason):
            let pauseMs = min(
                Self.pauseMs.lowerBound << min(failures, 16), Self.pauseMs.upperBound)
            failures += 1
            return (failures == 1 ? [.failing(reason)] : [], pauseMs)
        case .found(let found, let lifetimeMs):
            var events: [NameEvent] = failures > 0 ? [.recovered] : []
            failures = 0
            if found != addresses {
                addresses = found
                events.append(.changed(found))
            }
            let range = Self.lifetimeMs
            return (events, min(max(lifetimeMs, range.lowerBound), range.upperBound))
        }
    }
}
