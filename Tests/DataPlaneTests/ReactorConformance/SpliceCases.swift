// Splicing through pipes, with splice(2) and through the ring.

import DataPlane
import Glibc
import TestSupport
import Testing

/// Bytes go from one socket to the other through a pipe, whole and in order, until the end.
enum SpliceMovesBothWays: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        guard harness.reactor.hasDirectSplice else { return }
        let relay = try SpliceRelay(&harness)
        let taken = harness.reactor.takePipe()
        let pipe = try #require(taken)
        let (from, to) = (harness.socket(relay.from), harness.socket(relay.to))
        var inPipe = 0
        var isEnded = false
        while !isEnded || inPipe > 0 {
            relay.push()
            if inPipe == 0 {
                let moved = harness.reactor.spliceIn(from, to: pipe, length: 1 << 20)
                if moved == -Int(EAGAIN) {
                    harness.await(.readable, relay.from)
                    try relay.wait(for: .readable, of: relay.from, &harness)
                    continue
                }
                try #require(moved >= 0)
                isEnded = moved == 0
                inPipe = moved
            }
            guard inPipe > 0 else { continue }
            let moved = harness.reactor.spliceOut(pipe, to: to, length: inPipe)
            if moved == -Int(EAGAIN) {
                harness.await(.writable, relay.to)
                try relay.wait(for: .writable, of: relay.to, &harness)
                continue
            }
            try #require(moved > 0)
            inPipe -= moved
        }
        harness.reactor.returnPipe(pipe, isEmpty: true)
        try relay.finish(&harness)
    }
}

/// The same through the ring, where there is one.
enum RingSpliceMovesBothWays: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        guard harness.reactor.hasRingSplice else { return }
        let relay = try SpliceRelay(&harness)
        let taken = harness.reactor.takePipe()
        let pipe = try #require(taken)
        while true {
            relay.push()
            harness.await(.readable, relay.from)
            try relay.wait(for: .readable, of: relay.from, &harness)
            harness.splice(relay.from, to: pipe, 1 << 20)
            let filled = try relay.result(of: .spliceIn, relay.from, &harness)
            if filled == -EAGAIN { continue }
            try #require(filled >= 0)
            if filled == 0 { break }
            var inPipe = Int(filled)
            while inPipe > 0 {
                harness.splice(pipe, to: relay.to, inPipe)
                let moved = try relay.result(of: .spliceOut, relay.to, &harness)
                if moved == -EAGAIN {
                    harness.await(.writable, relay.to)
                    try relay.wait(for: .writable, of: relay.to, &harness)
                    continue
                }
                try #require(moved > 0)
                inPipe -= Int(moved)
            }
        }
        harness.reactor.returnPipe(pipe, isEmpty: true)
        try relay.finish(&harness)
    }
}

/// The pool is bounded, and what comes back can be had again: empty, whatever it held.
enum PipesAreBounded: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        var pipes: [PipeID] = []
        while let pipe = harness.reactor.takePipe() { pipes.append(pipe) }
        #expect(pipes.count == TestedReactor.pipesMax)
        #expect(Set(pipes.map(\.index)).count == pipes.count)
        guard harness.reactor.hasDirectSplice else {
            for pipe in pipes { harness.reactor.returnPipe(pipe, isEmpty: true) }
            return
        }
        let source = try harness.adopt()
        #expect(try harness.peer(source).send(500) == 500)
        harness.await(.readable, source)
        _ = try harness.next(.readable, source)
        var moved = -Int(EAGAIN)
        for _ in 0..<100 where moved == -Int(EAGAIN) {
            moved = harness.reactor.spliceIn(
                harness.socket(source), to: pipes[0], length: 1_000)
        }
        #expect(moved > 0)
        harness.reactor.returnPipe(pipes[0], isEmpty: false)
        let reused = harness.reactor.takePipe()
        let again = try #require(reused)
        let empty = harness.reactor.takePipe()
        #expect(empty == nil)
        let target = try harness.adopt()
        let out = harness.reactor.spliceOut(again, to: harness.socket(target), length: 1_000)
        #expect(out == -Int(EAGAIN))
        for pipe in pipes.dropFirst() + [again] { harness.reactor.returnPipe(pipe, isEmpty: true) }
    }
}

/// A splice that found the socket dry, or full, is followed by a wait that lasts until it is not.
enum WaitsFollowADrySplice: ConformanceCase {
    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        guard harness.reactor.hasDirectSplice else { return }
        let taken = harness.reactor.takePipe()
        let pipe = try #require(taken)
        let source = try harness.adopt()
        #expect(try harness.peer(source).send(500) == 500)
        harness.await(.readable, source)
        _ = try harness.next(.readable, source)
        var moved = 0
        try harness.turn(until: "the bytes are in the pipe") {
            moved += max(0, $0.reactor.spliceIn($0.socket(source), to: pipe, length: 1_000))
            return moved == 500
        }
        let dry = harness.reactor.spliceIn(harness.socket(source), to: pipe, length: 1_000)
        #expect(dry == -Int(EAGAIN))
        harness.await(.readable, source)
        harness.expectNone([.readable])
        #expect(try harness.peer(source).send(1) == 1)
        _ = try harness.next(.readable, source)
        harness.reactor.returnPipe(pipe, isEmpty: false)
        try fill(&harness)
    }

    /// Splices until the target takes no more: then it is not writable until its peer reads.
    private static func fill<R: Reactor & ~Copyable>(
        _ harness: inout ConformanceHarness<R>
    ) throws {
        let relay = try SpliceRelay(&harness)
        let taken = harness.reactor.takePipe()
        let pipe = try #require(taken)
        var (inPipe, inTarget, idle) = (0, 0, 0)
        // Longer than a delayed acknowledgement, which makes room once more.
        while idle < 60 {
            relay.pushWithoutReading()
            let (from, to) = (harness.socket(relay.from), harness.socket(relay.to))
            inPipe += max(0, harness.reactor.spliceIn(from, to: pipe, length: 1 << 20))
            let moved = inPipe > 0 ? harness.reactor.spliceOut(pipe, to: to, length: inPipe) : 0
            idle = moved > 0 ? 0 : idle + 1
            inPipe -= max(0, moved)
            inTarget += max(0, moved)
            harness.turn(waitMs: idle > 0 ? 5 : 1)
        }
        #expect(inTarget > 0)
        #expect(inPipe > 0)
        harness.await(.writable, relay.to)
        harness.expectNone([.writable])
        try harness.turn(until: "it is writable again") {
            _ = relay.drain()
            return $0.takeNews().contains { $0.operation == .writable }
        }
        harness.reactor.returnPipe(pipe, isEmpty: false)
    }
}

/// Two sockets and their peers: what one peer sends must reach the other.
final class SpliceRelay {
    private static let total = 500_000

    let from: UInt32
    let to: UInt32
    private let source: any Peer
    private let target: any Peer
    private var sent = 0
    private var read = 0

    /// The target's peer checks for `reactorStream`, so the source sends just that.
    init<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        from = try harness.adopt()
        to = try harness.adopt()
        source = try harness.peer(from)
        target = try harness.peer(to)
        source.stream = reactorStream
    }

    func push() {
        pushWithoutReading()
        read += target.receive(30_000)
    }

    func pushWithoutReading() {
        sent += source.send(min(Self.total - sent, 90_000))
        if sent == Self.total { source.end() }
    }

    func drain() -> Int { target.receive(100_000) }

    func wait<R: Reactor & ~Copyable>(
        for operation: DataPlane.Operation, of owner: UInt32,
        _ harness: inout ConformanceHarness<R>
    ) throws {
        #expect(try result(of: operation, owner, &harness) == 0)
    }

    func result<R: Reactor & ~Copyable>(
        of operation: DataPlane.Operation, _ owner: UInt32,
        _ harness: inout ConformanceHarness<R>
    ) throws -> Int32 {
        var found: Completion?
        try harness.turn(until: "\(operation) of \(owner)") {
            self.push()
            found = $0.takeNews().first { $0.operation == operation && $0.owner == owner }
            return found != nil
        }
        return try #require(found).result
    }

    func finish<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        try harness.turn(until: "everything has arrived") { _ in
            self.push()
            return self.read == Self.total
        }
        harness.reactor.shutdownWrite(harness.socket(to))
        try see(.ended, target, &harness)
    }
}
