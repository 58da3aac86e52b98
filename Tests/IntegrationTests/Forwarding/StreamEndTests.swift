// How streams end: half-closes and resets are passed on as what they are, and small writes as they
// come.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct StreamEnds {
        private let pattern = Pattern(seed: 11)
        private let answer = Pattern(seed: 12)
        /// More than one buffer, less than a socket holds.
        private let bytes = 300_000

        @Test(arguments: Route.all)
        func clientEndsFirstAndStillGetsItsAnswer(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            try endFirst(client, answeredBy: origin)
        }

        @Test(arguments: Route.all)
        func originEndsFirstAndStillGetsTheRest(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            try endFirst(origin, answeredBy: client)
        }

        /// One side sends and ends; the other, having seen the end, answers and ends too.
        private func endFirst(_ first: Connection, answeredBy second: Connection) throws {
            let (pattern, answer, bytes) = (pattern, answer, bytes)
            let answering = Background {
                try second.receive(pattern, count: bytes)
                try second.expectEnd()
                // Long enough for a proxy that closed both ways to show it.
                pause(0.1)
                try second.send(answer, count: bytes)
                try second.finishSending()
            }
            try first.send(pattern, count: bytes)
            try first.finishSending()
            try first.receive(answer, count: bytes)
            try first.expectEnd()
            try answering.value()
        }

        @Test(arguments: Route.all)
        func resetByTheClientReachesTheOrigin(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            try expectReset(from: client, at: origin)
        }

        @Test(arguments: Route.all)
        func resetByTheOriginReachesTheClient(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            try expectReset(from: origin, at: client)
        }

        private func expectReset(from first: Connection, at second: Connection) throws {
            try first.send(pattern, count: bytes)
            try second.receive(pattern, count: bytes)
            first.reset()
            let error = #expect(throws: SocketError.self) { try second.receive(1) }
            #expect(error?.code == ECONNRESET)
        }

        @Test(arguments: Route.all)
        func resetAmidFullBuffersReachesTheOtherSide(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            let sender = Background { [pattern] in try client.send(pattern, count: 64 << 20) }
            pause(0.3)
            #expect(!sender.hasEnded)
            // The client is stopped by a reader that never read; now that reader is gone.
            origin.reset()
            let error = #expect(throws: SocketError.self) { try sender.value() }
            #expect(error?.code == ECONNRESET || error?.code == EPIPE)
        }

        @Test(arguments: Route.all)
        func oneByteWritesArriveInOrder(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(to: listener.address, route: route)
            let client = try gyre.connect()
            let origin = try listener.accept()
            let sender = Background { [pattern] in try client.send(pattern, count: 20_000, chunk: 1)
            }
            let answering = Background { [answer] in
                try origin.send(answer, count: 20_000, chunk: 1)
            }
            try origin.receive(pattern, count: 20_000)
            try client.receive(answer, count: 20_000)
            try sender.value()
            try answering.value()
        }

        /// Waits for one answer before the next byte: nothing may sit in a buffer until more comes.
        @Test(arguments: Route.all)
        func eachByteIsHandedOnAtOnce(_ route: Route) throws {
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(to: origin.address, route: route)
            let client = try gyre.connect()
            let start = ContinuousClock.now
            for index in 0..<500 {
                let byte = UInt8(truncatingIfNeeded: index)
                try client.send([byte])
                #expect(try client.receive(1) == [byte])
            }
            // Delayed acknowledgements or a Nagle wait would cost 40 ms a round: 20 s.
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }
}
