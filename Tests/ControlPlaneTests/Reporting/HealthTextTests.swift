// The log line of each change of health.

import DataPlane
import Glibc
import Testing

@testable import ControlPlane

@Suite struct HealthTextTests {
    private static let lines: [(HealthChange, String)] = [
        (
            HealthChange(
                .ejected, endpoint: 1, upstream: 2, cause: .badStatus, code: 503, count: 5,
                durationMs: 30_000),
            "api: a:80 is ejected for 30 s after 5 failures in a row, the last: status 503"
        ),
        (
            HealthChange(
                .ejected, endpoint: 1, upstream: 2, cause: .timedOut, count: 1, durationMs: 1_500),
            "api: a:80 is ejected for 1500 ms after 1 failure: no answer in time"
        ),
        (
            HealthChange(.readmitted, endpoint: 1, upstream: 2),
            "api: a:80 is back after its ejection"
        ),
        (
            HealthChange(
                .wentDown, endpoint: 1, upstream: 2, cause: .connectFailed,
                code: UInt16(ECONNREFUSED), count: 3),
            "api: a:80 is down after 3 failed checks, the last: "
                + "cannot connect: Connection refused (ECONNREFUSED)"
        ),
        (
            HealthChange(.wentUp, endpoint: 1, upstream: 2, count: 2),
            "api: a:80 is up after 2 passed checks"
        ),
        (HealthChange(.drained, endpoint: 1, upstream: 2), "api: a:80 is drained"),
        (HealthChange(.undrained, endpoint: 1, upstream: 2), "api: a:80 is no longer drained"),
    ]

    @Test(arguments: lines)
    func everyChangeIsOneLine(change: HealthChange, line: String) {
        #expect(change.text(upstream: "api", endpoint: "a:80") == line)
    }

    @Test func onlyLossesAreWarnings() {
        let kinds: [HealthChange.Kind] = [
            .ejected, .readmitted, .wentDown, .wentUp, .drained, .undrained,
        ]
        let warnings = kinds.filter { HealthChange($0, endpoint: 0, upstream: 0).isWarning }
        #expect(warnings == [.ejected, .wentDown])
    }

    @Test(arguments: HealthCause.allCases)
    func everyCauseHasWords(cause: HealthCause) {
        let change = HealthChange(
            .wentDown, endpoint: 0, upstream: 0, cause: cause, code: 104, count: 1)
        let line = change.text(upstream: "u", endpoint: "e")
        #expect(line.hasPrefix("u: e is down after 1 failed check: "))
        #expect(line.count > "u: e is down after 1 failed check: ".count)
    }
}
