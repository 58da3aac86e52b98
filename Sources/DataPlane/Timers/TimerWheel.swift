// Every deadline of a worker: a hierarchical timing wheel (Varghese and Lauck, SOSP 1987), four
// levels of 64 slots, O(1) to set and clear, no allocation. One timer per identifier; identifiers
// are slots of the owner's slab. Worker thread only.

internal import Protocols

/// Timers in ticks of `tickMs`. The next deadline bounds the worker's wait, so an idle worker
/// sleeps until a timer needs it.
@safe
package struct TimerWheel: ~Copyable {
    private let pinned = Pinned()
    /// Resolution in milliseconds. Deadlines are rounded up, never early.
    package static let tickMs: UInt64 = 4

    private static let levels = 4
    private static let slotsPerLevel = 64
    /// 63 slots of the coarsest level: its present slot must stay empty.
    private static let farthestTicks: UInt64 = 63 << 18

    private struct Node: BitwiseCopyable {
        var next: UInt32
        var previous: UInt32
        var deadlineTick: UInt64
        /// The level and slot it hangs in plus one, or zero while unset: fresh memory is unset.
        var place: UInt16
    }

    private let region: MappedRegion
    private let nodes: UnsafeMutablePointer<Node>
    private let capacity: Int
    private var heads = InlineArray<256, UInt32>(repeating: .max)
    private var occupied = InlineArray<4, UInt64>(repeating: 0)
    /// Every tick before this one has been processed.
    private var currentTick: UInt64

    /// Timers that are set.
    package private(set) var count = 0

    /// - Parameters:
    ///   - capacity: identifiers run from 0 to `capacity - 1`.
    ///   - nowMs: the clock's present value in milliseconds.
    package init(capacity: Int, nowMs: UInt64) {
        precondition(capacity > 0)
        self.capacity = capacity
        region = MappedRegion(bytes: capacity * MemoryLayout<Node>.stride)
        unsafe nodes = region.base.bindMemory(to: Node.self, capacity: capacity)
        currentTick = nowMs / Self.tickMs
    }

    /// Sets the timer of `identifier`, replacing its earlier deadline. Deadlines beyond the
    /// wheel's span (18 hours) fire at its end; the owner looks at its own deadline and sets anew.
    package mutating func set(_ identifier: UInt32, atMs deadlineMs: UInt64) {
        clear(identifier)
        let wanted = (deadlineMs + Self.tickMs - 1) / Self.tickMs
        let tick = min(max(wanted, currentTick), currentTick + Self.farthestTicks)
        unsafe nodes[checked(identifier)].deadlineTick = tick
        link(identifier, tick: tick)
        count += 1
    }

    /// Clears the timer of `identifier` if it is set.
    package mutating func clear(_ identifier: UInt32) {
        guard unsafe nodes[checked(identifier)].place != 0 else { return }
        unlink(identifier)
        count -= 1
    }

    /// Takes one timer whose deadline is not later than `nowMs`; `nil` when none is left.
    package mutating func popExpired(nowMs: UInt64) -> UInt32? {
        let nowTick = nowMs / Self.tickMs
        while currentTick <= nowTick {
            let slot = Int(currentTick & 63)
            let head = heads[slot]
            if head != .max {
                unlink(head)
                count -= 1
                return head
            }
            guard currentTick < nowTick else { return nil }
            advance(to: nowTick)
        }
        return nil
    }

    /// When the wheel must next be looked at, in milliseconds; `nil` when no timer is set. It may
    /// be earlier than the first deadline: far timers move to finer levels on their way.
    package var nextDeadlineMs: UInt64? {
        guard count > 0 else { return nil }
        var nearest = UInt64.max
        for level in 0..<Self.levels where occupied[level] != 0 {
            let shift = UInt64(6 * level)
            let position = (currentTick >> shift) & 63
            // The present slot of a coarse level is empty: it was spread when it was entered.
            let rotated = rotate(occupied[level], by: position)
            let ahead = UInt64(rotated.trailingZeroBitCount)
            nearest = min(nearest, ((currentTick >> shift) + ahead) << shift)
        }
        return max(nearest, currentTick) * Self.tickMs
    }

    private func rotate(_ bits: UInt64, by places: UInt64) -> UInt64 {
        places == 0 ? bits : bits >> places | bits << (64 - places)
    }

    /// Moves to the next tick at which something can happen, at most to `nowTick`.
    private mutating func advance(to nowTick: UInt64) {
        let boundary = (currentTick | 63) + 1
        let later = occupied[0] & ~((2 << (currentTick & 63)) &- 1)
        let next =
            later == 0
            ? boundary : (currentTick & ~63) + UInt64(later.trailingZeroBitCount)
        currentTick = min(next, nowTick)
        if currentTick & 63 == 0 { cascade() }
    }

    /// Spreads the slots that begin at this tick over the finer levels.
    private mutating func cascade() {
        for level in 1..<Self.levels {
            let slot = Int((currentTick >> UInt64(6 * level)) & 63)
            let list = level * Self.slotsPerLevel + slot
            while heads[list] != .max {
                let identifier = heads[list]
                unlink(identifier)
                unsafe link(identifier, tick: nodes[Int(identifier)].deadlineTick)
            }
            guard slot == 0 else { return }
        }
    }

    private mutating func link(_ identifier: UInt32, tick: UInt64) {
        var level = 0
        // The first level on which the tick lies less than one rotation ahead.
        while (tick >> UInt64(6 * level)) - (currentTick >> UInt64(6 * level)) > 63 { level += 1 }
        let slot = Int((tick >> UInt64(6 * level)) & 63)
        let list = level * Self.slotsPerLevel + slot
        let head = heads[list]
        let node = unsafe nodes + Int(identifier)
        unsafe node.pointee.next = head
        unsafe node.pointee.previous = .max
        unsafe node.pointee.place = UInt16(list + 1)
        if head != .max { unsafe nodes[Int(head)].previous = identifier }
        heads[list] = identifier
        occupied[level] |= 1 << UInt64(slot)
    }

    private mutating func unlink(_ identifier: UInt32) {
        let node = unsafe nodes + Int(identifier)
        let list = unsafe Int(node.pointee.place) - 1
        let (next, previous) = unsafe (node.pointee.next, node.pointee.previous)
        if next != .max { unsafe nodes[Int(next)].previous = previous }
        if previous != .max {
            unsafe nodes[Int(previous)].next = next
        } else {
            heads[list] = next
            if next == .max { occupied[list / 64] &= ~(1 << UInt64(list % 64)) }
        }
        unsafe node.pointee.place = 0
    }

    @inline(__always)
    private func checked(_ identifier: UInt32) -> Int {
        precondition(Int(identifier) < capacity)
        return Int(identifier)
    }
}
