// How the last bytes of a stream and its end go out together.

import DataPlane
import TestSupport
import Testing

/// Bytes that an end follows arrive, the end behind them, whichever way the caller ends. Where the
/// bytes fit, both are one segment.
enum EndsFollowTheirBytes: ConformanceCase {
    /// A machine that stops for 200 ms between the bytes and the end lets the bytes go alone.
    private static let tries = 10

    static func check<R: Reactor & ~Copyable>(_ harness: inout ConformanceHarness<R>) throws {
        for closes in [false, true] {
            var segments: [UInt32] = []
            for _ in 0..<tries where !segments.contains(1) {
                let count = try end(behind: 1_000, closes: closes, &harness)
                guard let count else { break }
                segments.append(count)
            }
            #expect(segments.isEmpty || segments.contains(1), "segments: \(segments)")
            // More than the socket takes at once: the rest goes out as there is room for it.
            _ = try end(behind: 262_144, closes: closes, &harness)
        }
        try failedSendsOweNoEnd(&harness)
    }

    /// - Returns: the segments that it took, where there are any.
    private static func end<R: Reactor & ~Copyable>(
        behind count: Int, closes: Bool, _ harness: inout ConformanceHarness<R>
    ) throws -> UInt32? {
        let owner = try harness.adopt()
        let peer = try harness.peer(owner)
        let segmentsBefore = peer.segmentsIn
        try harness.send(owner, count, endsNext: true)
        var left = count
        var isEnded = false
        try harness.turn(until: "\(count) bytes and the end arrive") {
            if !isEnded, let sent = $0.takeFirst({ $0.operation == .send }) {
                #expect(sent.result == Int32(count))
                if closes {
                    $0.close(owner)
                } else {
                    $0.reactor.shutdownWrite($0.socket(owner))
                }
                isEnded = true
            }
            left -= peer.receive(60_000)
            return left == 0 && peer.sight == .ended
        }
        let segments = peer.segmentsIn.map { $0 - (segmentsBefore ?? 0) }
        if closes {
            _ = try harness.next(.close, owner)
            return segments
        }
        // The other direction is open, as after any shutdown.
        harness.receive(owner, credit: 10_000)
        #expect(peer.send(100) == 100)
        peer.end()
        try receiveToEnd(owner, &harness)
        return segments
    }

    /// A send that failed, or was cut short by a close, holds nothing back.
    private static func failedSendsOweNoEnd<R: Reactor & ~Copyable>(
        _ harness: inout ConformanceHarness<R>
    ) throws {
        let owner = try harness.adopt()
        try harness.send(owner, 262_144, endsNext: true)
        harness.expectNone([.send], ms: 20)
        try harness.peer(owner).reset()
        let failed = try harness.next(.send, owner)
        #expect(failed.result < 0)

        let second = try harness.adopt()
        try harness.send(second, 262_144, endsNext: true)
        harness.expectNone([.send], ms: 20)
        harness.close(second, reset: true)
        _ = try harness.next(.close, second)
        let lent = harness.reactor.lentBuffers
        #expect(lent == 0)
    }
}
