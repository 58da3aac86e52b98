// Rise and fall, against a model that looks at the whole history.

import Testing

@testable import ControlPlane

@Suite struct HealthTrackerTests {
    /// - Returns: which of the checks changed what is believed.
    private static func note(
        _ checks: [Bool], in tracker: inout HealthTracker, rise: Int = 2, fall: Int = 3
    ) -> [Bool] {
        checks.map { tracker.note(passed: $0, rise: rise, fall: fall) }
    }

    @Test(arguments: [true, false])
    func theFirstCheckDecides(passed: Bool) {
        var tracker = HealthTracker()
        #expect(tracker.state == .unknown)
        let changes = Self.note([passed], in: &tracker)
        #expect(changes == [true])
        #expect(tracker.state == (passed ? .up : .down))
        #expect(tracker.run == 1)
    }

    @Test func aFailureBetweenPassesStartsTheRowAnew() {
        var tracker = HealthTracker()
        let falls = Self.note(
            [true, false, false, true, false, false, false], in: &tracker)
        #expect(falls == [true, false, false, false, false, false, true])
        #expect(tracker.state == .down)
        #expect(tracker.run == 3)
        let rises = Self.note([true, false, true, true], in: &tracker)
        #expect(rises == [false, false, false, true])
        #expect(tracker.state == .up)
    }

    /// Every history of twelve checks, for several thresholds.
    @Test(arguments: [(1, 1), (2, 3), (3, 2), (4, 1)])
    func everyShortHistory(rise: Int, fall: Int) {
        for history in 0..<1 << 12 {
            let checks = (0..<12).map { history >> $0 & 1 == 1 }
            var believed: Bool?
            var row: [Bool] = []
            let expected = checks.map { passed in
                if row.last != passed { row = [] }
                row.append(passed)
                let decides = believed == nil || row.count >= (passed ? rise : fall)
                let changes = decides && believed != passed
                if changes { believed = passed }
                return changes
            }
            var tracker = HealthTracker()
            let changes = Self.note(checks, in: &tracker, rise: rise, fall: fall)
            #expect(changes == expected)
            #expect(tracker.state == (believed == true ? .up : .down))
        }
    }
}
