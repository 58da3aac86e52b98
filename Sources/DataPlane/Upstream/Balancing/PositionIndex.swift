// From what names an endpoint to its position: a hash table that is filled once.

/// Positions by a 64-bit name. O(1); a quarter to half full, so a search ends after few steps
/// whatever is searched for.
struct PositionIndex: ~Copyable, Sendable {
    struct Entry: BitwiseCopyable {
        let name: UInt64
        /// One more than it; 0 in an empty entry.
        let position: UInt32
    }

    private var entries: MutableTable<Entry>
    private let mask: Int

    /// - Parameter names: by position; the first of equal ones is found.
    init(_ names: [UInt64]) {
        var size = 4
        while size < 2 * names.count { size *= 2 }
        mask = size - 1
        entries = MutableTable(zeroed: size)
        for (position, name) in names.enumerated() where self.position(of: name) == nil {
            var place = start(name)
            while entries[place].position != 0 { place = (place + 1) & mask }
            entries[place] = Entry(name: name, position: UInt32(position) + 1)
        }
    }

    func position(of name: UInt64) -> Int? {
        var place = start(name)
        while entries[place].position != 0 {
            if entries[place].name == name { return Int(entries[place].position) - 1 }
            place = (place + 1) & mask
        }
        return nil
    }

    private func start(_ name: UInt64) -> Int {
        Int(truncatingIfNeeded: BalanceKey.again(name, attempt: 1)) & mask
    }
}
