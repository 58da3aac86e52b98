// Whose a socket is and who is at its other end.

import DataPlane
import Protocols
import TestSupport
import Testing

/// What comes out after a change of owner comes with the new one, whatever was armed or on its way
/// before. The harness notes a completion under an old tag as one for nobody.
enum OwnersChange: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        let other = try harness.adopt()
        let peer = try harness.peer(owner)
        for socket in [owner, other] { harness.receive(socket, credit: 100_000) }
        harness.turn()
        // Armed with the kernel; bytes may be on their way.
        #expect(peer.send(100) == 100)
        harness.setOwner(owner, 1_000_000)
        try receive(100, owner, &harness)
        #expect(try harness.peer(other).send(50) == 50)
        try receive(50, other, &harness)

        // A send that is blocked, and what was submitted a moment ago.
        try harness.send(owner, 262_144)
        harness.expectNone([.send], ms: 20)
        harness.setOwner(owner, 1_000_001)
        harness.await(.hangup, owner)
        harness.setOwner(owner, 1_000_002)
        try read(262_144, from: peer, &harness)
        #expect(try harness.next(.send, owner).result == 262_144)
        peer.reset()
        #expect(try harness.next(.hangup, owner).result == 0)

        // Owners trade places; the close comes to the last one.
        harness.setOwner(owner, 1_000_003)
        harness.setOwner(other, 1_000_002)
        #expect(try harness.peer(other).send(50) == 50)
        try receive(100, other, &harness)
        harness.close(owner)
        _ = try harness.next(.close, owner)

        // A new user of the slot is not the old one's heir.
        let heir = try harness.adopt()
        harness.receive(heir, credit: 1_000)
        #expect(try harness.peer(heir).send(10) == 10)
        try receive(10, heir, &harness)
    }

    /// Waits until `total` bytes have come in all.
    private static func receive<R: Reactor & ~Copyable>(
        _ total: Int, _ owner: UInt32, _ harness: inout ConformanceHarness<R>
    ) throws {
        try harness.turn(until: "\(total) bytes of \(owner) have come") {
            for completion in $0.takeNews() where !completion.more {
                #expect(completion.operation == .receive)
                $0.receive(completion.owner, credit: 100_000)
            }
            return $0.received(owner) == total
        }
    }
}

/// An accepted socket knows where its peer is, also after the peer's end; after a reset it knows
/// that or nothing.
enum PeersHaveAddresses: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        var sockets: [UInt32] = []
        for _ in 0..<4 {
            let owner = try harness.adopt()
            sockets.append(owner)
            let before = harness.reactor.peerAddress(of: harness.socket(owner))
            #expect(before == (try harness.peer(owner).address))
            harness.receive(owner, credit: 1_000)
        }
        for owner in sockets {
            let peer = try harness.peer(owner)
            #expect(peer.send(100) == 100)
            peer.end()
            try receiveToEnd(owner, &harness)
            let ended = harness.reactor.peerAddress(of: harness.socket(owner))
            #expect(ended == peer.address)
            harness.await(.hangup, owner)
            peer.reset()
            _ = try harness.next(.hangup, owner)
            let gone = harness.reactor.peerAddress(of: harness.socket(owner))
            #expect(gone == nil || gone == peer.address)
        }
    }
}
