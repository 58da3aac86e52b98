// What is traced: set by the control plane for all workers, looked at by them when a client comes
// and when a request begins. While nothing is traced that look is one load of a word that nobody
// writes.

internal import CLinux
package import Protocols

/// What somebody wants to see.
package enum TraceSubject: Equatable, Sendable {
    /// Clients in a block of addresses.
    case client(IPBlock)
    /// Requests of a route, by the id that metrics count it by.
    case route(UInt32)
}

/// The subject, where every worker can see it. Copies refer to the same one, which is never freed.
package struct TraceFilter: BitwiseCopyable, Sendable {
    // Words: whether and what, with the trace's number, and its parts.
    private static let kind = 0
    private static let first = 1
    private static let second = 2
    private static let prefix = 3
    private static let clientKind: UInt64 = 1
    private static let routeKind: UInt64 = 2
    /// Numbers are above the kind.
    private static let numberShift: UInt64 = 8
    private static let last = 4

    private let words = SharedWords(count: 8)

    /// Of nothing.
    package init() {}

    /// Control plane only: has workers tell of something, or of nothing.
    package func set(_ subject: TraceSubject?) {
        words.store(Self.kind, 0)
        // Never 0, and another one than before: what belonged to an earlier trace is not told
        // again.
        let number = words.load(Self.last) % 255 + 1
        words.store(Self.last, number)
        let high = number << Self.numberShift
        switch subject {
        case nil: break
        case .client(let block):
            words.store(Self.first, block.network.high)
            words.store(Self.second, block.network.low)
            words.store(Self.prefix, UInt64(block.prefixBits))
            words.storeReleasing(Self.kind, high | Self.clientKind)
        case .route(let id):
            words.store(Self.first, UInt64(id))
            words.storeReleasing(Self.kind, high | Self.routeKind)
        }
    }

    /// Whether anything is traced.
    @inline(__always)
    var isOn: Bool { words.load(Self.kind) != 0 }

    /// The number of the present trace; 0 for none.
    var number: UInt8 { UInt8(truncatingIfNeeded: words.load(Self.kind) >> Self.numberShift) }

    private var presentKind: UInt64 {
        words.loadAcquiring(Self.kind) & ((1 << Self.numberShift) - 1)
    }

    /// Whether clients are traced by their addresses.
    var wantsClients: Bool { presentKind == Self.clientKind }

    func matches(client address: IPBytes) -> Bool {
        guard wantsClients else { return false }
        let block = IPBlock(
            network: IPBytes(high: words.load(Self.first), low: words.load(Self.second)),
            prefixBits: UInt8(truncatingIfNeeded: words.load(Self.prefix)))
        return block.contains(address)
    }

    func matches(route id: UInt32) -> Bool {
        presentKind == Self.routeKind && words.load(Self.first) == UInt64(id)
    }
}
