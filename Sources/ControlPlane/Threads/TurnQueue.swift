// Who waits for one of a bounded number of turns.

/// Identifiers in the order they came, none twice.
struct TurnQueue {
    private var waiting: [(identifier: UInt32, ticket: UInt64)] = []
    private var head = 0
    /// The ticket with which each identifier waits; 0 when it does not.
    private var tickets: [UInt64]
    private var lastTicket: UInt64 = 0

    /// - Parameter capacity: identifiers run from 0 to `capacity - 1`.
    init(capacity: Int) {
        tickets = Array(repeating: 0, count: capacity)
    }

    mutating func append(_ identifier: UInt32) {
        guard tickets[Int(identifier)] == 0 else { return }
        lastTicket += 1
        tickets[Int(identifier)] = lastTicket
        waiting.append((identifier, lastTicket))
        if waiting.count > 2 * tickets.count { dropSpent() }
    }

    /// It does not want its turn any more.
    mutating func remove(_ identifier: UInt32) {
        tickets[Int(identifier)] = 0
    }

    /// Whose turn it is.
    mutating func next() -> UInt32? {
        while head < waiting.count {
            let (identifier, ticket) = waiting[head]
            head += 1
            guard tickets[Int(identifier)] == ticket else { continue }
            tickets[Int(identifier)] = 0
            return identifier
        }
        dropSpent()
        return nil
    }

    private mutating func dropSpent() {
        waiting.removeFirst(head)
        head = 0
        waiting.removeAll { tickets[Int($0.identifier)] != $0.ticket }
    }
}
