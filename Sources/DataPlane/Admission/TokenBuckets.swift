// Limits for each client address: so many requests or connections per second, and a burst. The
// memory is bounded, however many addresses there are.

package import Protocols

/// A token bucket for each source, IPv4 addresses by themselves and IPv6 ones by their /64, which
/// is what one customer gets (RFC 6177). One thread at a time. All operations are O(1).
///
/// What is kept of a source is only when its bucket will be full again (the generic cell rate
/// algorithm, ITU-T I.371): who is past that time is as good as unknown. When the table is full,
/// the source that has been quiet for longest makes room. If that one's bucket was full again,
/// nothing is lost. If it was not, then more sources are active than the table can hold, and the
/// limit of those who are pushed out is forgotten. A client could make use of that: ask from as
/// many other /64s as the table holds, and begin with a new bucket. So in that case newcomers
/// begin without a burst: it gains one request for each `sourcesMax` others. The price is that new
/// honest clients have no burst either, for as long as such a flood lasts.
package struct TokenBuckets: ~Copyable {
    struct Source: BitwiseCopyable {
        let high: UInt64
        let low: UInt64
        /// When its bucket is full again, in nanoseconds.
        var fullAtNs: UInt64
        /// The next one with the same place in `places`.
        var next: UInt32
        /// The one that was seen before it and the one after it.
        var older: UInt32
        var newer: UInt32
    }

    private static let none = UInt32.max

    private var sources: Slab<Source>
    /// One more than the slot of the first source of each place.
    private var places: MutableTable<UInt32>
    private var oldest = none
    private var newest = none
    private let seeds: (UInt64, UInt64)
    private let intervalNs: UInt64
    private let burstNs: UInt64

    /// - Parameters:
    ///   - sourcesMax: how many are told apart, 1 to 2^24; 56 bytes each once they are used.
    ///   - rate: in the long run, and how many at once after a quiet time.
    ///   - seed: nobody else's, or else sources can be chosen that all hang in one place.
    package init(sourcesMax: Int, _ rate: SourceRate, seed: (UInt64, UInt64)) {
        precondition(sourcesMax > 0 && sourcesMax <= 1 << 24)
        sources = Slab(capacity: sourcesMax)
        var size = 1
        while size < sourcesMax { size *= 2 }
        places = MutableTable(zeroed: size)
        seeds = seed
        intervalNs = rate.intervalNs
        burstNs = rate.intervalNs * rate.burst
    }

    /// Sources that are known now.
    package var count: Int { sources.count }

    /// Takes a token from a source's bucket.
    ///
    /// - Returns: 0 when there was one; else in how many milliseconds there is one again.
    package mutating func take(_ address: IPBytes, nowMs: UInt64) -> UInt64 {
        let (high, low) = Self.source(address)
        return take(high, low, hash: SipHash.hash(high, low, seeds: seeds), nowMs: nowMs)
    }

    /// The same for a source whose hash with this table's seed is known.
    mutating func take(_ high: UInt64, _ low: UInt64, hash: UInt64, nowMs: UInt64) -> UInt64 {
        let nowNs = nowMs * 1_000_000
        let place = place(hash)
        let slot = find(high, low, place) ?? insert(high, low, place, nowNs: nowNs)
        touch(slot)
        let fullAtNs = max(sources[slot: slot].fullAtNs, nowNs) + intervalNs
        // A bucket that is full in `burstNs` is empty.
        guard fullAtNs <= nowNs + burstNs else {
            return (fullAtNs - nowNs - burstNs + 999_999) / 1_000_000
        }
        sources[slot: slot].fullAtNs = fullAtNs
        return 0
    }

    /// What is told apart.
    static func source(_ address: IPBytes) -> (high: UInt64, low: UInt64) {
        address.isIPv4 ? (address.high, address.low) : (address.high, 0)
    }

    private func place(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (places.count - 1)
    }

    private func find(_ high: UInt64, _ low: UInt64, _ place: Int) -> UInt32? {
        var link = places[place]
        while link != 0 {
            let slot = link - 1
            if sources[slot: slot].high == high && sources[slot: slot].low == low { return slot }
            link = sources[slot: slot].next
        }
        return nil
    }

    private mutating func insert(
        _ high: UInt64, _ low: UInt64, _ place: Int, nowNs: UInt64
    ) -> UInt32 {
        var fullAtNs = nowNs
        if sources.count == sources.capacity {
            if sources[slot: oldest].fullAtNs > nowNs { fullAtNs += burstNs - intervalNs }
            removeOldest()
        }
        let source = Source(
            high: high, low: low, fullAtNs: fullAtNs, next: places[place], older: Self.none,
            newer: Self.none)
        guard let index = sources.insert(source) else { preconditionFailure("there was room") }
        places[place] = index.slot + 1
        linkNewest(index.slot)
        return index.slot
    }

    private mutating func removeOldest() {
        let slot = oldest
        let source = sources[slot: slot]
        let place = place(SipHash.hash(source.high, source.low, seeds: seeds))
        if places[place] == slot + 1 {
            places[place] = source.next
        } else {
            var before = places[place] - 1
            while sources[slot: before].next != slot + 1 { before = sources[slot: before].next - 1 }
            sources[slot: before].next = source.next
        }
        unlink(slot)
        sources.remove(sources.index(ofSlot: slot))
    }

    private mutating func touch(_ slot: UInt32) {
        guard slot != newest else { return }
        unlink(slot)
        linkNewest(slot)
    }

    private mutating func linkNewest(_ slot: UInt32) {
        sources[slot: slot].older = newest
        sources[slot: slot].newer = Self.none
        if newest != Self.none { sources[slot: newest].newer = slot } else { oldest = slot }
        newest = slot
    }

    private mutating func unlink(_ slot: UInt32) {
        let (older, newer) = (sources[slot: slot].older, sources[slot: slot].newer)
        if older != Self.none { sources[slot: older].newer = newer } else { oldest = newer }
        if newer != Self.none { sources[slot: newer].older = older } else { newest = older }
    }
}
