// Ending: what is under way may finish, what is new is refused, and nobody waits for ever.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Draining {
        @Test(arguments: Route.all)
        func flowFinishesAndNewClientsAreRefused(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            try client.send([1])
            #expect(try origin.receive(1) == [1])
            gyre.process.signal(SIGTERM)
            #expect(eventually { isRefused(gyre.address) }, "new connections must be refused")
            let pattern = Pattern(seed: 21)
            let bytes = 8 << 20
            let sender = Background {
                try client.send(pattern, count: bytes)
                try client.finishSending()
            }
            try origin.receive(pattern, count: bytes)
            try origin.expectEnd()
            try sender.value()
            #expect(gyre.process.exitStatus == nil, "one direction is still open")
            try origin.send([2])
            origin.close()
            #expect(try client.receive(2) == [2])
            #expect(try gyre.process.wait() == .exited(0))
        }

        @Test(arguments: Backend.modes, [SIGTERM, SIGINT])
        func idleProcessEndsAtOnce(_ backend: Backend, _ signal: Int32) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, backend: backend)
            gyre.process.signal(signal)
            #expect(try gyre.process.wait(within: 2) == .exited(0))
        }

        @Test(arguments: Backend.modes)
        func drainTimeoutCutsWhatIsLeft(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, backend: backend, options: ["--drain-timeout", "1s"])
            let client = try gyre.connect()
            let origin = try listener.accept()
            try client.send([1])
            #expect(try origin.receive(1) == [1])
            let start = ContinuousClock.now
            #expect(try gyre.terminate() == .exited(1))
            let took = ContinuousClock.now - start
            #expect(took > .seconds(0.8) && took < .seconds(4))
            #expect(client.isReadable(within: 1) && origin.isReadable(within: 1))
        }

        @Test(arguments: Backend.modes)
        func secondSignalEndsAtOnce(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, backend: backend)
            let client = try gyre.connect()
            let origin = try listener.accept()
            try client.send([1])
            #expect(try origin.receive(1) == [1])
            gyre.process.signal(SIGTERM)
            pause(0.3)
            #expect(gyre.process.exitStatus == nil, "the first signal drains")
            gyre.process.signal(SIGTERM)
            let status = try gyre.process.wait(within: 2)
            #expect(status != .exited(0), "a flow was cut, which is no clean drain")
        }

        /// The port is free again as soon as the process is gone, with flows just cut or not.
        @Test(arguments: Backend.modes)
        func restartsOnTheSamePortRightAfterExit(_ backend: Backend) throws {
            let origin = try SwarmOrigin()
            var gyre = try GyreProcess(to: origin.address, backend: backend)
            let front = gyre.address.description
            for _ in 0..<3 {
                let client = try gyre.connect()
                try client.send([9])
                #expect(try client.receive(1) == [9])
                gyre.process.signal(SIGTERM)
                // Two signals of one number at once would arrive as one.
                pause(0.1)
                gyre.process.signal(SIGTERM)
                try gyre.process.wait(within: 2)
                gyre = try GyreProcess(
                    to: [origin.address.description], backend: backend, listen: [front])
            }
            #expect(gyre.address.description == front)
        }

        private func isRefused(_ address: PeerAddress) -> Bool {
            do {
                // Reset, for an orderly end of this side alone would leave a flow half open.
                try Connection(to: address).reset()
                return false
            } catch let error as SocketError {
                return error.code == ECONNREFUSED
            } catch {
                return false
            }
        }
    }
}
