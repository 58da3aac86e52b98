// Which exchanges and flows are told to the access log when not all of them are.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct AccessWriterTests {
    private static let good: [EndReason] = [.done, .upgraded]

    /// How many of `count` records with an end and a status are told.
    private static func told(
        _ end: EndReason, _ status: UInt16, sample: UInt32, of count: Int = 1_000
    ) -> Int {
        let ring = AccessRing(wake: .none)
        let writer = AccessWriter(ring, sample: sample, worker: 3)
        var random = SeededRandom(seed: 1)
        for number in 0..<count {
            var record = AccessRecord()
            record.end = end
            record.status = status
            record.connection = UInt64(number)
            let draw = random.next()
            let place = writer.append(&record, texts: Span(), draw: draw)
            if place >= 0 { writer.setTimes(totalNs: 2, ownNs: 1, at: place) }
        }
        _ = writer.publish()
        return ring.take(atMost: .max) { record, _ in
            #expect(record.worker == 3 && record.totalNs == 2 && record.ownNs == 1)
        }
    }

    @Test(arguments: good)
    func goodEndsAreSampled(end: EndReason) {
        #expect(Self.told(end, 200, sample: 65_536) == 1_000)
        #expect(Self.told(end, 404, sample: 0) == 0)
        let half = Self.told(end, 200, sample: 32_768)
        #expect((400...600).contains(half))
        #expect((1...40).contains(Self.told(end, 200, sample: 655)))
    }

    /// The smallest and the largest draw, around a border of the sample.
    @Test func theDrawDecides() {
        let ring = AccessRing(wake: .none)
        let writer = AccessWriter(ring, sample: 100, worker: 0)
        func isTold(_ draw: UInt64) -> Bool {
            var record = AccessRecord()
            return writer.append(&record, texts: Span(), draw: draw) >= 0
        }
        #expect(isTold(0) && isTold((100 << 48) - 1))
        #expect(!isTold(100 << 48) && !isTold(.max))
    }

    @Test func badEndsAreAlwaysTold() {
        for end in EndReason.allCases where !Self.good.contains(end) {
            #expect(Self.told(end, 0, sample: 0, of: 10) == 10, "\(end.word)")
            #expect(Self.told(end, 404, sample: 0, of: 10) == 10, "\(end.word)")
        }
        for end in Self.good {
            #expect(Self.told(end, 500, sample: 0, of: 10) == 10)
            #expect(Self.told(end, 499, sample: 0, of: 10) == 0)
        }
    }
}
