// Who may come in: rate limits by source.

import DataPlane
import Protocols

private let population: UInt32 = 10_000
private let rate = SourceRate(100, perMs: 1_000, burst: 10)

let admissionCases = [
    Case("take-token-among-10000-sources") { times in
        var buckets = TokenBuckets(
            sourcesMax: Int(population), rate, seed: (1, 2))
        for number in 0..<population { _ = buckets.take(IPBytes(ipv4: number), nowMs: 0) }
        for number in 0..<UInt32(times) {
            keep(buckets.take(IPBytes(ipv4: number &* 7_919 % population), nowMs: 1))
        }
    },
    // Each pushes another one out.
    Case("take-token-of-a-new-source") { times in
        var buckets = TokenBuckets(sourcesMax: 64, rate, seed: (1, 2))
        for number in 0..<UInt32(times + 64) {
            keep(buckets.take(IPBytes(ipv4: number), nowMs: 0))
        }
    },
]
