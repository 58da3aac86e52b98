// Random numbers for one thread: for ids, which nobody may meet twice, and for samples. Not for
// secrets.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) from
/// a state that the kernel gave.
struct RandomNumbers: BitwiseCopyable {
    private var state: UInt64

    init() {
        state = UInt64.random(in: .min ... .max)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// One that is not 0.
    mutating func nextPositive() -> UInt64 {
        let number = next()
        return number == 0 ? 1 : number
    }
}
