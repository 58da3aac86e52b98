// Randomness that replays: the same seed gives the same draws on every machine and build. One
// generator per owner, single-threaded.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): 64 bits of state, passes BigCrush.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A second generator whose draws do not disturb this one's.
    package mutating func fork() -> SeededRandom {
        SeededRandom(seed: next())
    }

    /// The finalizer on its own: a good 64-bit hash of `value`.
    package static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in `range`. The bias of the multiplication is below 2^-32 for the small ranges
    /// used here, and unlike the standard library's draw it costs one call always.
    package mutating func pick(_ range: ClosedRange<Int>) -> Int {
        let width = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int(next().multipliedFullWidth(by: width).high)
    }

    package mutating func pick(_ range: ClosedRange<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound + 1
        return range.lowerBound + next().multipliedFullWidth(by: width).high
    }

    /// One of `choices`, which must not be empty.
    package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[pick(0...choices.count - 1)]
    }

    /// True `perMille` times out of a thousand. Draws nothing when it cannot be true.
    package mutating func chance(_ perMille: Int) -> Bool {
        perMille > 0 && pick(0...999) < perMille
    }

    /// A size from 0 to `maximum` with every order of magnitude equally likely, so that the edges
    /// around nothing and one byte are met as often as bulk.
    package mutating func magnitude(upTo maximum: Int) -> Int {
        let bits = pick(0...(Int.bitWidth - maximum.leadingZeroBitCount))
        return min(bits == 0 ? 0 : pick(1 << (bits - 1)...(1 << bits) - 1), maximum)
    }
}
