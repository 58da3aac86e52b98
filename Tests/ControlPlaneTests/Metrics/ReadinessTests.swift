// Whether clients are welcome, and what of the log is kept for who looks.

import Logging
import Testing

@testable import ControlPlane

@Suite struct ReadinessTests {
    @Test func oneUsableUpstreamIsEnough() {
        let some = Readiness(isServing: true, upstreams: [("a", 0), ("b", 2), ("c", 0)])
        #expect(some.ready && some.reason == nil && some.upstreamsWithoutEndpoints == ["a", "c"])
        let none = Readiness(isServing: true, upstreams: [("a", 0)])
        #expect(!none.ready && none.reason == "no upstream has a usable endpoint")
        // Redirects and answers of its own need no upstream.
        #expect(Readiness(isServing: true, upstreams: []).ready)
    }

    @Test func whoDrainsIsNotReady() {
        let draining = Readiness(isServing: false, upstreams: [("a", 1)])
        #expect(!draining.ready && draining.reason == "draining")
        #expect(draining.upstreamsWithoutEndpoints == [])
    }

    @Test func theNewestIncidentsAreKept() {
        let incidents = IncidentLog(Logger(label: "") { _ in SwiftLogNoOpLogHandler() })
        for index in 0..<60 { incidents.tell(.warning, "\(index)") }
        incidents.note(.error, String(repeating: "x", count: 10_000))
        let kept = incidents.newestFirst
        #expect(kept.count == 50)
        #expect(kept[0].level == "error" && kept[0].message.count == 300)
        #expect(kept[1].message == "59" && kept[49].message == "11")
    }
}
