// How a ring's file table is divided between clients and connections to endpoints (direct
// descriptors). Pure arithmetic; every result is bounded.

/// What fits into one worker's file table.
package struct FileTableShares: Equatable, Sendable {
    /// The kernel's own limit (IORING_MAX_FIXED_FILES).
    static let slotsMax = 1 << 20
    /// A closing socket keeps its slot until the next turn, and a turn can close a thousand.
    static let closingShare = 8
    /// Slots that accepts hold while they wait, and clients that several listeners accept at once.
    static let acceptSlots = 128

    private let slots: Int
    private let isHTTP: Bool

    /// - Parameters:
    ///   - descriptors: the raised descriptor limit, which is that of one table too.
    ///   - isHTTP: whether clients hold a connection to an endpoint only for a request.
    package init(descriptors: UInt64, isHTTP: Bool) {
        slots = min(Int(clamping: descriptors), Self.slotsMax)
        self.isHTTP = isHTTP
    }

    private var usable: Int { max(slots - slots / Self.closingShare - Self.acceptSlots, 0) }

    /// Clients each of whom can have a connection to an endpoint at the same time.
    package var clients: Int { usable / 2 }

    /// Clients at most. HTTP clients are idle most of the time: when the operator wants more of
    /// them than half a table, a quarter of it is still for connections to endpoints.
    package var clientsMax: Int { isHTTP ? usable - usable / 4 : clients }

    /// - Parameter clients: 1 to `clientsMax`.
    /// - Returns: slots to register, and connections to endpoints that they have room for.
    func shares(clients: Int) -> (slots: Int, upstreams: Int) {
        let wanted = 2 * clients + Self.acceptSlots
        // The smallest table of which an eighth can be closing.
        let registered = min(slots, wanted + wanted / (Self.closingShare - 1) + 1)
        let left = registered - registered / Self.closingShare - Self.acceptSlots - clients
        return (registered, max(min(left, clients), 1))
    }
}
