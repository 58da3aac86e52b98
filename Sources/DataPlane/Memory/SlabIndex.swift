// Handles into slabs: a slot number plus the generation it was handed out with, so that a late
// completion or a stale reference is recognised instead of reaching the slot's next owner.

/// Names one record of a `Slab<Record>`.
package struct SlabIndex<Record>: Equatable, Sendable, BitwiseCopyable {
    /// Position in the slab.
    package let slot: UInt32
    /// How often the slot had been freed when this handle was made; 24 bits.
    package let generation: UInt32

    package init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// Names nothing.
    package static var none: Self { Self(slot: .max, generation: .max) }

    package var isNone: Bool { slot == .max }
}

/// Generations travel in 24 bits of a completion token.
let generationMask: UInt32 = 0xFF_FFFF
