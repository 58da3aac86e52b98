// The hash that keys and endpoints are placed by. Its seeds are constants and it is spelled out
// here, because every worker, every process and every version of Gyre must come to the same answer.

package import Protocols

/// SipHash-1-3 (Aumasson and Bernstein, INDOCRYPT 2012; one round for each word, three at the end).
struct SipHash: BitwiseCopyable {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    init(_ seed0: UInt64, _ seed1: UInt64) {
        v0 = seed0 ^ 0x736F_6D65_7073_6575
        v1 = seed1 ^ 0x646F_7261_6E64_6F6D
        v2 = seed0 ^ 0x6C79_6765_6E65_7261
        v3 = seed1 ^ 0x7465_6462_7974_6573
    }

    /// Takes the next eight bytes, the first one lowest.
    @inline(__always)
    mutating func absorb(_ word: UInt64) {
        v3 ^= word
        mix()
        v0 ^= word
    }

    /// The hash of what was absorbed and a rest.
    ///
    /// - Parameters:
    ///   - rest: the last zero to seven bytes, the first one lowest.
    ///   - count: bytes in all.
    @inline(__always)
    mutating func finish(_ rest: UInt64, count: Int) -> UInt64 {
        absorb(rest | UInt64(truncatingIfNeeded: count) << 56)
        v2 ^= 0xFF
        mix()
        mix()
        mix()
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always)
    private mutating func mix() {
        v0 &+= v1
        v1 = Self.rotate(v1, 13) ^ v0
        v0 = Self.rotate(v0, 32)
        v2 &+= v3
        v3 = Self.rotate(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotate(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotate(v1, 17) ^ v2
        v2 = Self.rotate(v2, 32)
    }

    @inline(__always)
    private static func rotate(_ word: UInt64, _ places: UInt64) -> UInt64 {
        word &<< places | word &>> (64 &- places)
    }
}

extension SipHash {
    /// Hashes bytes at a place.
    static func hash(
        _ bytes: Span<UInt8>, _ range: Range<Int>, seeds: (UInt64, UInt64)
    ) -> UInt64 {
        var state = SipHash(seeds.0, seeds.1)
        var word: UInt64 = 0
        var filled: UInt64 = 0
        for index in range {
            word |= UInt64(bytes[index]) &<< filled
            filled &+= 8
            if filled == 64 {
                state.absorb(word)
                word = 0
                filled = 0
            }
        }
        return state.finish(word, count: range.count)
    }

    /// Hashes two words, as their sixteen bytes.
    static func hash(_ first: UInt64, _ second: UInt64, seeds: (UInt64, UInt64)) -> UInt64 {
        var state = SipHash(seeds.0, seeds.1)
        state.absorb(first)
        state.absorb(second)
        return state.finish(0, count: 16)
    }
}

/// Hashes of what requests are told apart by, for `sourceHash` and `consistentHash`. Whoever knows
/// the endpoints can compute which one a key goes to; it is agreement, not secrecy.
package enum BalanceKey {
    /// Digits of pi, as good as any.
    private static var seeds: (UInt64, UInt64) { (0x2438_6A88_85A3_08D3, 0x1319_8A2E_0370_7344) }

    /// The value of a header or cookie, or a path.
    package static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        SipHash.hash(bytes, range, seeds: seeds)
    }

    /// A client's address; the port does not matter.
    package static func hash(_ address: IPBytes) -> UInt64 {
        SipHash.hash(address.high, address.low, seeds: seeds)
    }

    /// Where a key goes that cannot go where it belongs: another number for each attempt (the
    /// finalizer of SplitMix64).
    static func again(_ key: UInt64, attempt: Int) -> UInt64 {
        var z = key &+ UInt64(truncatingIfNeeded: attempt) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    /// Folds a hash into `0..<count` by multiplication, which a division would cost more for.
    @inline(__always)
    static func fold(_ hash: UInt64, _ count: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(count)).high)
    }
}
