// Real `gyre` on loopback against real clients and origins, one case at a time: two cores do not
// carry two heavy cases, and a measurement wants quiet. Areas are extensions in folders.

import IntegrationSupport
import Testing

@Suite(.serialized, .exclusive)
struct Integration {
    /// Missing coverage must be seen, not guessed from a shorter list of cases.
    @Test func ioUringIsCovered() {
        if let reason = Backend.ioUringRefusal {
            Issue.record(
                """
                io_uring IS NOT TESTED IN THIS RUN: gyre probe finds it unusable here (\(reason)). \
                Every case ran on epoll only.
                """, severity: .warning)
        }
        #expect(Backend.usable.contains(.epoll))
    }
}
