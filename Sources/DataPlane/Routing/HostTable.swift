// From a request's host to the group of routes for it: a table by hash for names and wildcards, an
// ordered one for IPv6 addresses. The host is read once, from its end on, so that the hashes of all
// wildcards that may fit come up on the way.
//
// The tables are at most half full and their keys are the operator's, so a client cannot make a
// look-up long by what it sends.

internal import Protocols

/// A place in the table of names.
struct HostSlot: BitwiseCopyable, Sendable {
    var hash: UInt32 = 0
    /// `HostTable.none` when the place is free.
    var group = HostTable.none
    var text: UInt32 = 0
    var count: UInt16 = 0
    var isWildcard = false
}

struct AddressSlot: BitwiseCopyable, Sendable {
    let address: IPBytes
    let group: UInt32
}

/// Immutable; says which group is the most specific one for a host.
struct HostTable: ~Copyable, Sendable {
    static let none = UInt32.max

    private let slots: FixedTable<HostSlot>
    private let addresses: FixedTable<AddressSlot>
    private let texts: FixedTable<UInt8>
    private let mask: Int
    /// Dots in the longest wildcard; wildcards with more are not looked for.
    private let dotsMax: Int
    /// Whether no host is named at all.
    private let isEmpty: Bool
    /// The group for hosts of which the table knows nothing; `none` when there is none.
    private let otherwise: UInt32

    /// - Parameters:
    ///   - groups: by host.
    ///   - otherwise: for all other hosts; `none` when there is none.
    init(_ groups: [RouteHost: UInt32], otherwise: UInt32) {
        var capacity = 2
        while capacity < groups.count * 2 { capacity *= 2 }
        mask = capacity - 1
        var slots = [HostSlot](repeating: HostSlot(), count: capacity)
        var addresses: [AddressSlot] = []
        var texts: [UInt8] = []
        var dotsMax = 0
        for (host, group) in groups.sorted(by: { $0.value < $1.value }) {
            if case .ipv6(let address) = host.kind {
                addresses.append(AddressSlot(address: address, group: group))
                continue
            }
            let text = host.text.map { $0 | Self.fold }
            let hash = text.reversed().reduce(Self.seed, Self.mixed)
            var place = Self.place(hash) & mask
            while slots[place].group != Self.none { place = (place + 1) & mask }
            slots[place] = HostSlot(
                hash: Self.place32(hash), group: group, text: UInt32(texts.count),
                count: UInt16(host.text.count), isWildcard: host.kind == .wildcard)
            texts += text
            if host.kind == .wildcard {
                dotsMax = max(dotsMax, host.text.count { $0 == UInt8(ascii: ".") })
            }
        }
        self.slots = FixedTable(slots)
        self.addresses = FixedTable(
            addresses.sorted {
                ($0.address.high, $0.address.low) < ($1.address.high, $1.address.low)
            })
        self.texts = FixedTable(texts)
        self.dotsMax = dotsMax
        self.otherwise = otherwise
        isEmpty = groups.isEmpty
    }

    /// The group of the name itself, else of the longest wildcard that fits, else of all others.
    ///
    /// - Parameters:
    ///   - authority: host and maybe a port, checked by the head's parser; may be empty.
    ///   - head: holds it.
    func group(of authority: ByteRange, in head: Span<UInt8>) -> UInt32 {
        let start = Int(authority.start)
        var end = authority.end
        guard start < end, !isEmpty else { return otherwise }
        if head[start] == UInt8(ascii: "[") { return addressGroup(head, start, end) }
        var digits = end
        while digits > start, head[digits - 1] &- UInt8(ascii: "0") < 10 { digits -= 1 }
        if digits > start, head[digits - 1] == UInt8(ascii: ":") { end = digits - 1 }
        if end > start, head[end - 1] == UInt8(ascii: ".") { end -= 1 }
        var found = otherwise
        var hash = Self.seed
        var dotsLeft = dotsMax
        var index = end
        while index > start {
            index -= 1
            let byte = head[index] | Self.fold
            hash = Self.mixed(hash, byte)
            // A wildcard stands for one label at least.
            guard byte == UInt8(ascii: "."), dotsLeft > 0, index > start else { continue }
            dotsLeft -= 1
            let wildcard = find(hash, head, index, end, isWildcard: true)
            if wildcard != Self.none { found = wildcard }
        }
        let exact = find(hash, head, start, end, isWildcard: false)
        return exact != Self.none ? exact : found
    }

    private func find(
        _ hash: UInt64, _ head: Span<UInt8>, _ start: Int, _ end: Int, isWildcard: Bool
    ) -> UInt32 {
        let hash32 = Self.place32(hash)
        var place = Self.place(hash) & mask
        while true {
            let slot = slots[place]
            if slot.group == Self.none { return Self.none }
            if slot.hash == hash32, slot.isWildcard == isWildcard,
                Int(slot.count) == end - start,
                texts.matches(Int(slot.text), end - start, head, at: start, folding: Self.fold)
            {
                return slot.group
            }
            place = (place + 1) & mask
        }
    }

    /// By address, not by spelling.
    private func addressGroup(_ head: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
        var close = start
        while close < end, head[close] != UInt8(ascii: "]") { close += 1 }
        guard let address = IPBytes(parsingIPv6: head, from: start + 1, to: close) else {
            return otherwise
        }
        var low = 0
        var high = addresses.count
        while low < high {
            let middle = (low + high) / 2
            let other = addresses[middle].address
            if other == address { return addresses[middle].group }
            if (other.high, other.low) < (address.high, address.low) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return otherwise
    }

    /// Makes letters lower case. Of the other bytes that a host can hold only the underscore lacks
    /// this bit, and what becomes of it no host can hold: so different hosts stay different.
    private static let fold: UInt8 = 0x20

    // FNV-1a (draft-eastlake-fnv section 2), its upper half folded in for the place.

    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    private static func mixed(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    @inline(__always)
    private static func place32(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    @inline(__always)
    private static func place(_ hash: UInt64) -> Int { Int(place32(hash)) }
}
