// Consistent hashing by table (Eisenbud et al.: Maglev, NSDI 2016, section 3.4). Each endpoint has
// its own order of preference over all slots, made from its name alone, and the endpoints take
// turns at taking the first free one. When one leaves, the others' turns stay nearly as they were,
// so do the slots.

/// Filling of tables. Control thread; takes about 10 ms for 65,537 slots.
enum Maglev {
    /// Prime, so that each endpoint's steps visit every slot. A hundred slots for each endpoint
    /// keep shares within a percent (section 5.3): the larger one is for more than 655 endpoints.
    static let slotsUsual = 65_537
    static let slotsLarge = 524_309

    static func slots(forMembers count: Int) -> Int {
        count * 100 <= slotsUsual ? slotsUsual : slotsLarge
    }

    /// Of the least weight. A lone endpoint takes as many turns as there are slots, less than 2^20.
    private static let longestInterval: UInt64 = 1 << 44

    private struct Filler {
        let member: UInt16
        /// Turns are taken in order of time, then of name.
        var time: UInt64
        /// Time between its turns: the inverse of the weight.
        let interval: UInt64
        /// Where it looks next, and how far it goes when that is taken.
        var place: Int
        let step: Int

        mutating func advance(_ slots: Int) {
            place += step
            if place >= slots { place -= slots }
        }
    }

    /// Digits of pi again, other ones than for keys.
    private static var placeSeeds: (UInt64, UInt64) {
        (0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89)
    }
    private static var stepSeeds: (UInt64, UInt64) {
        (0x4528_21E6_38D0_1377, 0xBE54_66CF_34E9_0C6C)
    }

    /// The members' positions by slot; empty when none has any weight.
    ///
    /// - Parameters:
    ///   - members: in any order: only their keys and weights matter.
    ///   - slots: how many, a prime.
    static func table(_ members: [BalancerPlan.Member], slots: Int) -> [UInt16] {
        var fillers = nameOrder(members).filter { members[Int($0)].weight > 0 }.map {
            let key = members[Int($0)].key
            let interval = longestInterval / UInt64(members[Int($0)].weight)
            return Filler(
                member: $0, time: interval, interval: interval,
                place: place(key, slots), step: step(key, slots))
        }
        guard !fillers.isEmpty else { return [] }
        var table = [UInt16](repeating: .max, count: slots)
        // A heap of those whose turn it is, by time and then by position in the order of names.
        var heap = Array(fillers.indices)
        func isBefore(_ one: Int, _ other: Int) -> Bool {
            let (mine, its) = (fillers[one].time, fillers[other].time)
            return mine < its || mine == its && one < other
        }
        func sink(_ start: Int) {
            var node = start
            while 2 * node + 1 < heap.count {
                var child = 2 * node + 1
                if child + 1 < heap.count && isBefore(heap[child + 1], heap[child]) { child += 1 }
                guard isBefore(heap[child], heap[node]) else { return }
                heap.swapAt(child, node)
                node = child
            }
        }
        for node in heap.indices.reversed() { sink(node) }
        for _ in 0..<slots {
            let index = heap[0]
            while table[fillers[index].place] != .max { fillers[index].advance(slots) }
            table[fillers[index].place] = fillers[index].member
            fillers[index].time += fillers[index].interval
            sink(0)
        }
        return table
    }

    /// The positions of members in the order of their keys, the same however they are listed.
    static func nameOrder(_ members: [BalancerPlan.Member]) -> [UInt16] {
        members.indices.sorted {
            let (one, other) = (members[$0].key, members[$1].key)
            if one != other { return one.lexicographicallyPrecedes(other) }
            return $0 < $1
        }
        .map { UInt16($0) }
    }

    private static func place(_ key: [UInt8], _ slots: Int) -> Int {
        let hash = SipHash.hash(key.span, 0..<key.count, seeds: placeSeeds)
        return BalanceKey.fold(hash, slots)
    }

    private static func step(_ key: [UInt8], _ slots: Int) -> Int {
        let hash = SipHash.hash(key.span, 0..<key.count, seeds: stepSeeds)
        return 1 + BalanceKey.fold(hash, slots - 1)
    }
}
