// Contract points 3 and 6, and how connections begin and end.

import DataPlane
import Glibc
import TestSupport
import Testing

/// A send completes when all its bytes are taken, however slowly the peer reads.
enum SendTakesEverything: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        let peer = try harness.peer(owner)
        var (sent, read) = (0, 0)
        for count in [1, 100, 16_384, 16_385, 262_144, 3, 262_144, 262_143] {
            try harness.send(owner, count)
            sent += count
            var isThrough = false
            try harness.turn(until: "\(count) bytes are sent") {
                read += peer.receive(7_000)
                for completion in $0.takeNews() where completion.operation == .send {
                    #expect(completion.result == Int32(count))
                    isThrough = true
                }
                return isThrough
            }
            let lent = harness.reactor.lentBuffers
            #expect(lent == 0)
        }
        try harness.turn(until: "the peer has read everything") { _ in
            read += peer.receive(60_000)
            return read == sent
        }
        // A reader that stops blocks the send; it neither fails nor completes meanwhile.
        try harness.send(owner, 262_144)
        harness.expectNone([.send], ms: 50)
        let blocked = harness.reactor.lentBuffers
        #expect(blocked > 0)
    }
}

/// Each direction ends on its own.
enum EndsGoThroughOneWayAtATime: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        let peer = try harness.peer(owner)
        #expect(peer.send(100) == 100)
        peer.end()
        harness.receive(owner, credit: 10_000)
        try receiveToEnd(owner, &harness)
        #expect(harness.received(owner) == 100)
        // The peer's end does not keep it from reading.
        try harness.send(owner, 5_000)
        #expect(try harness.next(.send, owner).result == 5_000)
        try read(5_000, from: peer, &harness)
        #expect(peer.sight == .open)
        harness.reactor.shutdownWrite(harness.socket(owner))
        try see(.ended, peer, &harness)

        let second = try harness.adopt()
        let other = try harness.peer(second)
        harness.reactor.shutdownWrite(harness.socket(second))
        try see(.ended, other, &harness)
        // Nor does ours keep it from sending.
        harness.receive(second, credit: 10_000)
        #expect(other.send(1_000) == 1_000)
        other.end()
        try receiveToEnd(second, &harness)
        #expect(harness.received(second) == 1_000)
    }
}

/// A reset by the peer ends receives and sends with an error.
enum PeersResetIsAnError: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        harness.receive(owner, credit: 10_000)
        harness.turn()
        try harness.peer(owner).reset()
        let completion = try harness.next(.receive, owner)
        #expect(completion.result == -ECONNRESET)
        #expect(!completion.more)
        try harness.send(owner, 100)
        let send = try harness.next(.send, owner)
        #expect([-EPIPE, -ECONNRESET].contains(send.result))
        let lent = harness.reactor.lentBuffers
        #expect(lent == 0)

        // A send that is blocked is told too, and gives its buffers back.
        let second = try harness.adopt()
        try harness.send(second, 262_144)
        harness.expectNone([.send], ms: 20)
        try harness.peer(second).reset()
        let blocked = try harness.next(.send, second)
        #expect([-EPIPE, -ECONNRESET].contains(blocked.result))
        let back = harness.reactor.lentBuffers
        #expect(back == 0)
    }
}

/// An orderly close is an end after the last byte; a close with reset is a reset.
enum CloseTellsThePeer: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        for armsReceive in [false, true] {
            let owner = try harness.adopt()
            let peer = try harness.peer(owner)
            if armsReceive { harness.receive(owner, credit: 1_000) }
            try harness.send(owner, 10_000)
            #expect(try harness.next(.send, owner).result == 10_000)
            harness.close(owner)
            _ = try harness.next(.close, owner)
            try read(10_000, from: peer, &harness)
            try see(.ended, peer, &harness)

            let second = try harness.adopt()
            let other = try harness.peer(second)
            if armsReceive { harness.receive(second, credit: 1_000) }
            harness.turn()
            harness.close(second, reset: true)
            _ = try harness.next(.close, second)
            try see(.reset, other, &harness)
        }
    }
}

/// After a close nothing comes but the close, once, whatever was armed or on its way.
enum NothingFollowsAClose: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        for turnsBefore in [0, 1, 2] {
            let receiving = try harness.adopt()
            harness.receive(receiving, credit: 100_000)
            try harness.send(receiving, 262_144)
            harness.await(.hangup, receiving)
            let waiting = try harness.adopt()
            harness.await(.readable, waiting)
            harness.await(.writable, waiting)
            let connecting = try harness.connect(to: try harness.network.makeEndpoint())
            for _ in 0..<turnsBefore { harness.turn(waitMs: 1) }
            for owner in [receiving, waiting] { _ = try harness.peer(owner).send(20_000) }
            try harness.peer(waiting).reset()
            for owner in [receiving, waiting, connecting] {
                harness.close(owner, reset: owner == receiving)
            }
            // The harness notes whatever else comes as an issue.
            for owner in [receiving, waiting, connecting] {
                let completion = try harness.next(.close, owner)
                #expect(completion.result == 0)
                #expect(!completion.more)
            }
            harness.expectNone([.close, .receive, .send, .readable, .writable, .hangup, .connect])
            let lent = harness.reactor.lentBuffers
            #expect(lent == 0)
            // So that the next round's connection to an endpoint is not this one's.
            while harness.network.takeConnected() != nil {}
        }
    }
}

/// A full table refuses and closes; closed slots are used again, their late completions dropped.
enum SlotsAreUsedAgain: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        for _ in 0..<50 {
            var owners: [UInt32] = []
            for _ in 0..<4 { owners.append(try harness.adopt()) }
            for owner in owners { harness.receive(owner, credit: 50_000) }
            harness.turn(waitMs: 0)
            for owner in owners { _ = try harness.peer(owner).send(3_000) }
            // Some completions are out, some on their way, some still to be made.
            harness.turn(waitMs: 0)
            for owner in owners { harness.close(owner, reset: true) }
            for owner in owners { _ = try harness.next(.close, owner) }
        }
        var owners: [UInt32] = []
        for _ in 0..<4 { owners.append(try harness.adopt()) }
        let (descriptor, refused) = try harness.network.makePair()
        #expect(throws: SocketFailure.tableFull) { try harness.admit(descriptor, refused) }
        try see(.ended, refused, &harness)
        let address = try harness.network.makeEndpoint()
        #expect(throws: SocketFailure.tableFull) { _ = try harness.connect(to: address) }
        harness.close(owners[0])
        _ = try harness.next(.close, owners[0])
        _ = try harness.adopt()
    }
}

/// A reset is told to who waits for it, an orderly end is not.
enum HangupTellsOfAReset: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        let peer = try harness.peer(owner)
        harness.receive(owner, credit: 100)
        peer.end()
        try receiveToEnd(owner, &harness)
        harness.await(.hangup, owner)
        harness.expectNone([.hangup])
        try harness.send(owner, 1_000)
        #expect(try harness.next(.send, owner).result == 1_000)
        try read(1_000, from: peer, &harness)
        harness.expectNone([.hangup])
        peer.reset()
        #expect(try harness.next(.hangup, owner).result == 0)

        // The reset may have come before anybody waited for it.
        let second = try harness.adopt()
        try harness.peer(second).reset()
        harness.turn()
        harness.await(.hangup, second)
        #expect(try harness.next(.hangup, second).result == 0)
        harness.expectNone([.hangup])
    }
}

/// A connect reports that it is there, or why not.
enum ConnectTellsTheOutcome: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.connect(to: try harness.network.makeEndpoint())
        let refused = try harness.connect(to: try harness.network.makeRefusing())
        #expect(try harness.next(.connect, owner).result == 0)
        #expect(try harness.next(.connect, refused).result == -ECONNREFUSED)
        harness.close(refused)
        _ = try harness.next(.close, refused)
        var found: (any Peer)?
        try harness.turn(until: "the endpoint has its connection") {
            found = $0.network.takeConnected()
            return found != nil
        }
        let peer = try #require(found)
        harness.setPeer(owner, peer)
        try harness.send(owner, 20_000)
        try read(20_000, from: peer, &harness)
        #expect(try harness.next(.send, owner).result == 20_000)
        harness.receive(owner, credit: 1_000)
        #expect(peer.send(300) == 300)
        peer.end()
        try receiveToEnd(owner, &harness)
        #expect(harness.received(owner) == 300)
    }
}

// MARK: Steps that cases share

/// Goes on receiving until the end of the stream. A receive is armed on entry.
func receiveToEnd<R: Reactor & ~Copyable>(
    _ owner: UInt32, _ harness: inout ConformanceHarness<R>
) throws {
    while true {
        let completion = try harness.next(.receive, owner)
        guard completion.result > 0 else {
            #expect(completion.result == 0)
            #expect(!completion.more)
            return
        }
        if !completion.more { harness.receive(owner, credit: 10_000) }
    }
}

/// Lets the peer read exactly `count` bytes.
func read<R: Reactor & ~Copyable>(
    _ count: Int, from peer: any Peer, _ harness: inout ConformanceHarness<R>
) throws {
    var left = count
    try harness.turn(until: "the peer reads \(count) bytes") { _ in
        left -= peer.receive(left)
        return left == 0
    }
}

/// Turns until the peer sees `sight`, without having read anything.
func see<R: Reactor & ~Copyable>(
    _ sight: PeerSight, _ peer: any Peer, _ harness: inout ConformanceHarness<R>
) throws {
    try harness.turn(until: "the peer sees \(sight)") { _ in
        #expect(peer.receive(100) == 0)
        return peer.sight == sight
    }
}
