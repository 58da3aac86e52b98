// Contract points 1, 2, 4 and 5: receives, their credit and the buffers they lend.

import DataPlane
import Glibc
import TestSupport
import Testing

/// Everything that a peer sends comes out, in order, then its end.
enum ReceiveDelivers: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        for total in [0, 1, 100, 16_383, 16_384, 16_385, 100_000, 700_000] {
            let owner = try harness.adopt()
            let peer = try harness.peer(owner)
            var sent = 0
            harness.receive(owner, credit: 50_000)
            while true {
                if sent < total { sent += peer.send(min(total - sent, 40_000)) }
                if sent == total { peer.end() }
                let completion = try harness.next(.receive, owner)
                if completion.result <= 0 {
                    #expect(completion.result == 0)
                    #expect(!completion.more)
                    break
                }
                if !completion.more { harness.receive(owner, credit: 50_000) }
            }
            #expect(harness.received(owner) == total)
            let lent = harness.reactor.lentBuffers
            #expect(lent == 0)
            harness.close(owner)
        }
    }
}

/// A receive ends when less than one buffer of its credit is left; a small credit counts as one
/// buffer.
enum CreditEndsAReceive: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        for credit in [1, 7, 1_000, 16_383, 16_384, 16_385, 20_000, 32_768, 40_000] {
            let owner = try harness.adopt()
            let peer = try harness.peer(owner)
            var sent = peer.send(60_000)
            for _ in 0..<4 {
                let before = harness.received(owner)
                harness.receive(owner, credit: credit)
                // A peer with small socket buffers needs a push while the receive runs.
                try harness.turn(until: "the credit is used up") {
                    if sent - before < credit { sent += peer.send(20_000) }
                    return $0.takeNews().contains { $0.operation == .receive && !$0.more }
                }
                let got = harness.received(owner) - before
                #expect(got <= max(credit, BufferPool.bufferBytes))
                // Ending earlier still is allowed where the kernel ends a receive early.
                #expect(got > (harness.isFaulty ? 0 : credit - BufferPool.bufferBytes))
                #expect(got > 0)
            }
            let stopped = harness.received(owner)
            sent += peer.send(1_000)
            harness.expectNone([.receive], ms: 10)
            #expect(harness.received(owner) == stopped)
            harness.close(owner)
        }
    }
}

/// Submitting takes no bytes and no buffers, also when it could be done at once.
enum NothingRunsInASubmit: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        let peer = try harness.peer(owner)
        #expect(peer.send(1_000) == 1_000)
        let before = harness.reactor.lentBuffers
        harness.receive(owner, credit: 10_000)
        let armed = harness.reactor.lentBuffers
        #expect(armed == before)
        try harness.send(owner, 5_000)
        let sending = harness.reactor.lentBuffers
        #expect(sending == before + 1)
        #expect(harness.received(owner) == 0)
        _ = try harness.next(.receive, owner)
        let completion = try harness.next(.send, owner)
        #expect(completion.result == 5_000)
    }
}

/// Armed receives without bytes hold no buffer.
enum IdleSocketsHoldNothing: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        var owners: [UInt32] = []
        for _ in 0..<32 { owners.append(try harness.adopt()) }
        for owner in owners { harness.receive(owner, credit: 65_536) }
        harness.expectNone([.receive])
        let idle = harness.reactor.lentBuffers
        #expect(idle == 0)
        harness.keepsBuffers = true
        for owner in owners { #expect(try harness.peer(owner).send(10) == 10) }
        try harness.turn(until: "all have received") { harness in
            for completion in harness.takeNews() where !completion.more {
                harness.receive(completion.owner, credit: 65_536)
            }
            return owners.allSatisfy { harness.received($0) == 10 }
        }
        let lent = harness.reactor.lentBuffers
        #expect(lent == harness.held.count)
        for buffer in harness.held { harness.reactor.buffers.release(buffer) }
        harness.held = []
        harness.keepsBuffers = false
        let back = harness.reactor.lentBuffers
        #expect(back == 0)
    }
}

/// With four buffers and 32 busy sockets every receive gets its turn, unseen waits included.
enum StarvedReceivesGoOn: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        var owners: [UInt32] = []
        for _ in 0..<32 { owners.append(try harness.adopt()) }
        let total = 40_000
        var sent = [Int](repeating: 0, count: owners.count)
        for owner in owners { harness.receive(owner, credit: 100_000) }
        harness.keepsBuffers = true
        for _ in 0..<4_000 {
            for owner in owners where sent[Int(owner)] < total {
                let left = total - sent[Int(owner)]
                sent[Int(owner)] += try harness.peer(owner).send(left)
            }
            harness.turn()
            for completion in harness.takeNews() where completion.operation == .receive {
                #expect(completion.result > 0)
                if !completion.more { harness.receive(completion.owner, credit: 100_000) }
            }
            #expect(harness.held.count <= 4)
            // Half of the time all four stay out, so that the others find none.
            if harness.held.count == 4 {
                harness.turn(waitMs: 1)
                for buffer in harness.held { harness.reactor.buffers.release(buffer) }
                harness.held = []
            }
            if owners.allSatisfy({ harness.received($0) == total }) { break }
            if harness.reactor.nowNs % 2 == 0, let buffer = harness.held.popLast() {
                harness.reactor.buffers.release(buffer)
            }
        }
        for owner in owners { #expect(harness.received(owner) == total) }
        #expect(harness.reactor.counters[.starvedWaits] > 0)
    }
}

/// Waits for the three conditions complete once and take nothing.
enum WaitsCompleteOnce: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        let peer = try harness.peer(owner)
        harness.await(.writable, owner)
        #expect(try harness.next(.writable, owner).result == 0)
        harness.await(.readable, owner)
        harness.expectNone([.readable, .writable])
        #expect(peer.send(5) == 5)
        #expect(try harness.next(.readable, owner).result == 0)
        #expect(peer.send(5) == 5)
        harness.expectNone([.readable])
        // It is still readable: a new wait completes at once.
        harness.await(.readable, owner)
        #expect(try harness.next(.readable, owner).result == 0)
        harness.receive(owner, credit: 10)
        try harness.turn(until: "both pieces are there") {
            for completion in $0.takeNews() where !completion.more && $0.received(owner) < 10 {
                $0.receive(owner, credit: 10 - $0.received(owner))
            }
            return $0.received(owner) == 10
        }
        _ = harness.takeNews()
        harness.await(.readable, owner)
        peer.end()
        #expect(try harness.next(.readable, owner).result == 0)
        let other = try harness.adopt()
        harness.await(.readable, other)
        try harness.peer(other).reset()
        _ = try harness.next(.readable, other)
    }
}
