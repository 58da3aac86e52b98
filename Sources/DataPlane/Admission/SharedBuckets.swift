// Limits for each source that hold for all workers together.

internal import Protocols
internal import Synchronization

/// Token buckets of a whole process. Any thread.
///
/// Sources are spread over shards by their hash, each a table behind a lock of its own. A lock is
/// held for some 50 ns and is two atomic operations when nobody else has it, no system call: two
/// workers that ask at the same moment meet in one of sixteen at most. A table without locks would
/// save those, but could not know which source was quiet for longest.
struct SharedBuckets: ~Copyable, Sendable {
    private static let shardsMax = 16
    /// A small shard would fill up much earlier than the others by chance.
    private static let sourcesPerShardMin = 256

    private let shards: FixedTable<Shared<Mutex<TokenBuckets>>>
    private let seed: (UInt64, UInt64)

    /// - Parameters:
    ///   - sourcesMax: of all shards together, 1 to 2^24; one of them may be full a little earlier.
    ///   - rate: for each source.
    ///   - seed: nobody else's.
    init(sourcesMax: Int, _ rate: SourceRate, seed: (UInt64, UInt64)) {
        var count = 1
        while count < Self.shardsMax, sourcesMax / (count * 2) >= Self.sourcesPerShardMin {
            count *= 2
        }
        let each = (sourcesMax + count - 1) / count
        self.seed = seed
        shards = FixedTable(
            (0..<count).map { _ in
                Shared(Mutex(TokenBuckets(sourcesMax: each, rate, seed: seed)))
            })
    }

    deinit {
        for position in 0..<shards.count { shards[position].destroy() }
    }

    /// Takes a token from a source's bucket.
    ///
    /// - Parameter nowMs: threads may be some milliseconds apart.
    /// - Returns: 0 when there was one; else in how many milliseconds there is one again.
    func take(_ address: IPBytes, nowMs: UInt64) -> UInt64 {
        let (high, low) = TokenBuckets.source(address)
        let hash = SipHash.hash(high, low, seeds: seed)
        // Places within a shard go by the lowest bits.
        let shard = shards[Int(hash >> 56) & (shards.count - 1)]
        return shard.value.withLock { $0.take(high, low, hash: hash, nowMs: nowMs) }
    }

    /// Sources that are known now.
    var count: Int {
        (0..<shards.count).reduce(0) { sum, position in
            sum + shards[position].value.withLock { $0.count }
        }
    }
}

/// What a listener asks of each source.
struct SourceGate: BitwiseCopyable, Sendable {
    let connections: Shared<SharedBuckets>?
    let requests: Shared<SharedBuckets>?
}

/// Owns a gate: as long as the limits stay the same, for all snapshots that have the listener.
final class SharedGate: Sendable {
    let limits: AdmissionLimits
    let gate: SourceGate

    init(_ limits: AdmissionLimits) {
        self.limits = limits
        gate = SourceGate(
            connections: Self.buckets(limits.connections, limits),
            requests: Self.buckets(limits.requests, limits))
    }

    deinit {
        gate.connections?.destroy()
        gate.requests?.destroy()
    }

    private static func buckets(
        _ rate: SourceRate?, _ limits: AdmissionLimits
    ) -> Shared<SharedBuckets>? {
        guard let rate else { return nil }
        var random = SystemRandomNumberGenerator()
        let seed = (random.next(), random.next())
        return Shared(SharedBuckets(sourcesMax: limits.sourcesMax, rate, seed: seed))
    }
}
