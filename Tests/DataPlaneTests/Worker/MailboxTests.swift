// The mailbox between threads: requests merge, wake once, and none is lost.

import CLinux
import Foundation
import Glibc
import Testing

@testable import DataPlane

@Suite struct MailboxTests {
    @Test func requestsAddUpUntilTaken() throws {
        let mailbox = try Mailbox()
        #expect(mailbox.take() == [])
        mailbox.post(.drain)
        mailbox.post(.drain)
        mailbox.post(.terminate)
        #expect(mailbox.take() == [.drain, .terminate])
        #expect(mailbox.take() == [])
    }

    @Test func onlyTheFirstRequestSignals() throws {
        let mailbox = try Mailbox()
        #expect(gyre_poll_readable(mailbox.wake.raw, -1, 0) == 0)
        mailbox.post(.drain)
        #expect(gyre_poll_readable(mailbox.wake.raw, -1, 0) == 1)
        #expect(gyre_event_drain(mailbox.wake.raw) == 0)
        mailbox.post(.terminate)
        #expect(gyre_poll_readable(mailbox.wake.raw, -1, 0) == 0)
        #expect(mailbox.take() == [.drain, .terminate])
        mailbox.post(.drain)
        #expect(gyre_poll_readable(mailbox.wake.raw, -1, 0) == 1)
    }

    /// The worker's order (drain the descriptor, then take) misses no request, however the posts of
    /// another thread fall between the two.
    @Test func noRequestIsLostBetweenThreads() throws {
        let mailbox = try Mailbox()
        let rounds = 20_000
        // A thread of its own: a task would wait for a place among the other tests.
        Thread.detachNewThread {
            for _ in 0..<rounds {
                mailbox.post(.drain)
                sched_yield()
            }
            mailbox.post(.terminate)
        }
        var seen: WorkerRequests = []
        var wakes = 0
        while !seen.contains(.terminate), wakes <= rounds {
            // Two seconds without a wake: a request was posted and its signal lost.
            guard gyre_poll_readable(mailbox.wake.raw, -1, 2_000) == 1 else {
                Issue.record("asleep with a request posted")
                break
            }
            _ = gyre_event_drain(mailbox.wake.raw)
            seen.formUnion(mailbox.take())
            wakes += 1
        }
        #expect(seen == [.drain, .terminate])
    }

    @Test func theDescriptorEndsWithTheMailbox() throws {
        var mailbox: Mailbox? = try Mailbox()
        let descriptor = try #require(mailbox?.wake.raw)
        let before = fcntl(descriptor, F_GETFD)
        #expect(before & FD_CLOEXEC != 0)
        mailbox = nil
        #expect(mailbox == nil)
    }
}
