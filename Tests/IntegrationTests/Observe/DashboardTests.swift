// The dashboard in headless Chromium; what is checked is in the scripts.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Dashboard {
        /// The page by itself: every state that it can show, on wide and narrow screens.
        @Test func thePageHolds() throws {
            let run = try Script.run("Observe/dashboard_page.py", [], within: 180)
            #expect(run.status == .exited(0), "\(run.output)\(run.errorOutput)")
        }

        /// What it says of a real process, what its buttons do to it, and its end.
        @Test(arguments: Backend.usable)
        func itIsTrueToTheProcess(_ backend: Backend) throws {
            let run = try Script.run(
                "Observe/dashboard_process.py", [Product.binary, backend.name], within: 120)
            #expect(run.status == .exited(0), "\(run.output)\(run.errorOutput)")
        }
    }
}
