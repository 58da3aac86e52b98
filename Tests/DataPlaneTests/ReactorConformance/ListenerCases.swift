// Accepting with credit, removing listeners, waking and waiting, and everything at once.

import CLinux
import DataPlane
import Glibc
import TestSupport
import Testing

/// Exactly as many clients are accepted as there is credit; the others wait.
enum AcceptCreditHolds: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let descriptor = try harness.network.makeListener()
        let listener = harness.reactor.addListener(descriptor)
        let clients = try (0..<10).map { _ in try harness.network.dial(descriptor) }
        harness.expectNone([.accept])
        var accepted: [UInt32] = []
        for (credit, expected) in [(3, 3), (1, 4), (0, 4), (20, 10)] {
            harness.reactor.setAcceptCredit(credit)
            try harness.turn(until: "\(expected) are accepted") {
                accepted += try $0.adoptAccepted(listener)
                return accepted.count >= expected
            }
            harness.expectNone([.accept])
            #expect(accepted.count == expected)
        }
        for owner in accepted {
            try harness.send(owner, 100)
            let peer = try harness.peer(owner)
            try read(100, from: peer, &harness)
        }
        #expect(clients.count { $0.sight == .open } == 10)
        // Credit that is left takes whoever comes later.
        let late = try harness.network.dial(descriptor)
        try harness.turn(until: "the late one is accepted") {
            accepted += try $0.adoptAccepted(listener)
            return accepted.count == 11
        }
        #expect(late.sight == .open)
        harness.reactor.removeListener(listener)
        _ = try harness.next("the listener is closed") { $0.operation == .listenerClose }
    }
}

/// Over several listeners the credit is exceeded by at most one each beyond the first.
enum SeveralListenersShareTheCredit: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let descriptors = try (0..<3).map { _ in try harness.network.makeListener() }
        var listeners: [ListenerID] = []
        for descriptor in descriptors { listeners.append(harness.reactor.addListener(descriptor)) }
        #expect(listeners.map(\.index) == [0, 1, 2])
        var clients: [any Peer] = []
        for descriptor in descriptors {
            for _ in 0..<5 { clients.append(try harness.network.dial(descriptor)) }
        }
        harness.reactor.setAcceptCredit(4)
        var count = 0
        try harness.turn(until: "four are accepted") {
            for listener in listeners { count += try $0.adoptAccepted(listener).count }
            return count >= 4
        }
        for _ in 0..<10 {
            harness.turn(waitMs: 3)
            for listener in listeners { count += try harness.adoptAccepted(listener).count }
        }
        #expect(count <= 6)
        harness.reactor.setAcceptCredit(50)
        try harness.turn(until: "all are accepted") {
            for listener in listeners { count += try $0.adoptAccepted(listener).count }
            return count == 15
        }
        for listener in listeners { harness.reactor.removeListener(listener) }
        for listener in listeners {
            _ = try harness.next("listener \(listener.index) is closed") {
                $0.operation == .listenerClose && $0.owner == listener.index
            }
        }
        #expect(clients.count == 15)
    }
}

/// A removed listener's queue is emptied while credit lasts; then nobody is let in.
enum RemovedListenersEmptyTheirQueue: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let descriptor = try harness.network.makeListener()
        let listener = harness.reactor.addListener(descriptor)
        harness.turn()
        let clients = try (0..<5).map { _ in try harness.network.dial(descriptor) }
        // Lets the simulated clients arrive; nobody is accepted without credit.
        harness.expectNone([.accept], ms: 5)
        harness.reactor.setAcceptCredit(3)
        harness.reactor.removeListener(listener)
        var accepted = 0
        try harness.turn(until: "the listener is closed") {
            accepted += try $0.adoptAccepted(listener).count
            return $0.takeNews().contains { $0.operation == .listenerClose }
        }
        #expect(accepted == 3)
        try harness.turn(until: "two clients are reset") { _ in
            for client in clients { _ = client.receive(10) }
            return clients.count { $0.sight == .reset } == 2
        }
        #expect(throws: (any Error).self) { try harness.network.dial(descriptor) }

        let second = try harness.network.makeListener()
        let idle = harness.reactor.addListener(second)
        harness.reactor.setAcceptCredit(10)
        harness.turn()
        harness.reactor.removeListener(idle)
        let closed = try harness.next("the idle one too") { $0.operation == .listenerClose }
        #expect(closed.owner == idle.index)
    }
}

extension ConformanceHarness where R: ~Copyable {
    /// Adopts what was accepted so far.
    mutating func adoptAccepted(_ listener: ListenerID) throws -> [UInt32] {
        var owners: [UInt32] = []
        while let completion = takeFirst({
            $0.operation == .accept && $0.owner == listener.index
        }) {
            try #require(completion.result >= 0)
            let descriptor = Descriptor(raw: completion.result)
            let peer = try #require(network.peer(ofAccepted: descriptor, by: listener))
            let owner = try adopt(descriptor, peer)
            let address = reactor.peerAddress(of: socket(owner))
            #expect(address == peer.address)
            owners.append(owner)
        }
        return owners
    }
}

/// A wait without end is ended from another thread, every time.
enum OtherThreadsWakeIt: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let event = Descriptor(raw: try SystemError.check(gyre_event_open()))
        defer { _ = gyre_close(event.raw) }
        harness.reactor.armWake(event)
        var batch = CompletionBatch(capacity: 64)
        for round in 0..<5 {
            // Also one that comes before the wait.
            let delay: UInt32 = round == 0 ? 0 : 20_000
            let waker = Thread {
                usleep(delay)
                _ = gyre_event_signal(event.raw)
            }
            if round == 0 { waker.join() }
            // A turn may come back early and empty.
            for _ in 0..<100 where batch.isEmpty {
                harness.reactor.turn(deadlineNs: nil, into: &batch)
            }
            if round > 0 { waker.join() }
            let count = batch.count
            try #require(count == 1)
            #expect(batch[0].operation == .wake)
            batch.removeAll()
        }
        // The event is used up: nothing more comes of it.
        harness.expectNone([.wake])
    }
}

/// A turn ends at its deadline, and does not wait for one that is past.
enum DeadlinesEndTheWait: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let owner = try harness.adopt()
        harness.receive(owner, credit: 100)
        var batch = CompletionBatch(capacity: 64)
        harness.reactor.turn(deadlineNs: 0, into: &batch)
        for waitNs in [1, 700_000, 4_000_000, 30_000_000] as [UInt64] {
            let start = harness.reactor.nowNs
            // A signal or an edge that completes nothing may end a wait early, now and then.
            var turns = 0
            while harness.reactor.nowNs < start + waitNs, turns < 10 {
                harness.reactor.turn(deadlineNs: start + waitNs, into: &batch)
                turns += 1
            }
            let end = harness.reactor.nowNs
            #expect(batch.isEmpty == true)
            #expect(end >= start + waitNs)
            // Generous: the machine may be busy with other things.
            #expect(end < start + waitNs + 500_000_000)
        }
        let before = harness.reactor.nowNs
        harness.reactor.turn(deadlineNs: before - 1, into: &batch)
        let after = harness.reactor.nowNs
        #expect(after >= before)
        #expect(after < before + 500_000_000)
    }
}

/// A turn that begins with queued work ends without waiting, whether anything comes of it or not.
enum QueuedWorkIsTriedWithoutWaiting: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        let listener = harness.reactor.addListener(try harness.network.makeListener())
        harness.turn()
        // Nobody is there to be accepted, but a reactor that has to look first says so.
        harness.reactor.setAcceptCredit(1)
        if harness.reactor.hasQueuedWork {
            let start = harness.reactor.nowNs
            harness.turn(waitMs: 2_000)
            let end = harness.reactor.nowNs
            #expect(end < start + 1_000_000_000)
            let isQueued = harness.reactor.hasQueuedWork
            #expect(!isQueued)
        }
        harness.reactor.removeListener(listener)
        _ = try harness.next("the listener is closed") { $0.operation == .listenerClose }
    }
}

/// Thirty-two sockets that send and receive at random: no stream gets mixed with another.
enum ManySocketsAtOnce: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        var random = SeededRandom(seed: 11)
        var owners: [UInt32] = []
        for _ in 0..<32 { owners.append(try harness.adopt()) }
        var sent = [Int](repeating: 0, count: 32)
        var given = [Int](repeating: 0, count: 32)
        var read = [Int](repeating: 0, count: 32)
        for owner in owners { harness.receive(owner, credit: random.pick(1...60_000)) }
        for _ in 0..<600 {
            let owner = UInt32(random.pick(0...31))
            let peer = try harness.peer(owner)
            given[Int(owner)] += peer.send(random.pick(1...20_000))
            read[Int(owner)] += peer.receive(random.pick(1...50_000))
            if !harness.isSending(owner) {
                let count = random.pick(1...100_000)
                try harness.send(owner, count)
                sent[Int(owner)] += count
            }
            harness.turn(waitMs: 0)
            rearm(&harness, &random)
        }
        try harness.turn(until: "everything has arrived") { harness in
            for owner in owners { read[Int(owner)] += try harness.peer(owner).receive(50_000) }
            rearm(&harness, &random)
            return read == sent && owners.allSatisfy { harness.received($0) == given[Int($0)] }
        }
    }

    private static func rearm<R: Reactor & ~Copyable>(
        _ harness: inout ConformanceHarness<R>, _ random: inout SeededRandom
    ) {
        for completion in harness.takeNews() {
            #expect(completion.result > 0)
            if completion.operation == .receive, !completion.more {
                harness.receive(completion.owner, credit: random.pick(1...60_000))
            }
        }
    }
}

/// A thread of the test's own.
private final class Thread {
    private var thread: UInt64 = 0
    private let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
        let context = Unmanaged.passRetained(self).toOpaque()
        let started = gyre_thread_start(
            &thread, "waker",
            { context in
                guard let context else { return nil }
                Unmanaged<Thread>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context)
        precondition(started == 0)
    }

    func join() { _ = gyre_thread_join(thread) }
}
