// Ending: exchanges under way finish and say that they are the last, connections that wait for
// nothing close at once.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Draining {
        private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

        @Test(arguments: Backend.usable)
        func exchangesFinishAndIdleConnectionsClose(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let fresh = try gyre.client()
            // One that has been served and rests, with a resting connection to the origin.
            let idle = try gyre.client()
            try idle.send(Self.get)
            let resting = HTTPStream(try listener.accept())
            _ = try resting.readRequest()
            try resting.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            _ = try idle.readResponse()
            // One that awaits its answer, one that is within it, one that is within its request.
            let awaiting = try gyre.client()
            try awaiting.send(Self.get)
            let toAwaiting = try Self.accept(listener, or: resting)
            let taking = try gyre.client()
            try taking.send(Self.get)
            let toTaking = try Self.accept(listener, or: nil)
            try toTaking.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            _ = try taking.readHead()
            let sending = try gyre.client()
            try sending.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf")
            let toSending = try Self.accept(listener, or: nil)

            gyre.process.signal(SIGTERM)
            #expect(idle.isEnded(within: 2), "nothing is under way on it")
            #expect(fresh.isEnded(within: 2), "nothing has come on it")
            #expect(
                resting.connection.descriptor == toAwaiting.connection.descriptor
                    || resting.isEnded(within: 2))
            #expect(throws: SocketError.self, "new connections must be refused") {
                try gyre.connect().send([1])
                _ = try gyre.connect()
            }
            pause(0.2)
            #expect(gyre.process.exitStatus == nil, "exchanges are under way")

            try sending.send("full")
            #expect(try toSending.readBytes(4).count == 4)
            for (origin, client) in [(toAwaiting, awaiting), (toSending, sending)] {
                try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                let response = try client.readResponse()
                #expect(response.text == "ok")
                #expect(response.head.has("close", in: "Connection"))
                try client.expectEnd()
            }
            #expect(gyre.process.exitStatus == nil, "one is still under way")
            try toTaking.send("full")
            #expect(try taking.readBytes(8) == Array("halffull".utf8))
            try taking.expectEnd()
            #expect(try gyre.process.wait(within: 2) == .exited(0))
        }

        /// Under load: every request that was taken is answered, whatever the moment.
        @Test(arguments: Backend.usable)
        func noRequestIsLostUnderLoad(_ backend: Backend) throws {
            let origin = try HTTPOrigin { .ok($0.request.target) }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let clients = (0..<8).map { number in
                Background { try Self.useUntilEnd(gyre, number) }
            }
            pause(0.3)
            gyre.process.signal(SIGTERM)
            for client in clients { #expect(try client.value(within: 10) > 0) }
            #expect(try gyre.process.wait(within: 5) == .exited(0))
        }

        @Test(arguments: Backend.usable)
        func drainTimeoutCutsWhatIsLeft(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                http: listener.address, backend: backend, options: ["--drain-timeout", "1s"])
            let client = try gyre.client()
            try client.send(Self.get)
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            let start = ContinuousClock.now
            #expect(try gyre.terminate() == .exited(1))
            let took = ContinuousClock.now - start
            #expect(took > .seconds(0.8) && took < .seconds(4))
            #expect(client.isEnded(within: 1) && origin.isEnded(within: 1))
        }

        /// Requests over one connection until it ends.
        ///
        /// - Returns: how many were answered.
        /// - Throws: when one was not, although its connection was not closed before it.
        private static func useUntilEnd(_ gyre: GyreProcess, _ number: Int) throws -> Int {
            let client = try gyre.client()
            for count in 0... {
                let path = "/\(number)/\(count)"
                do {
                    try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                } catch is SocketError {
                    return count
                }
                // Closed in the moment in which the request was sent, which it may be.
                guard let head = try? client.readHeadIfAny() else { return count }
                let body = try client.readBytes(path.utf8.count)
                guard body == Array(path.utf8) else { throw TestFailure("wrong answer") }
                if head.has("close", in: "Connection") {
                    try client.expectEnd()
                    return count + 1
                }
            }
            return 0
        }

        /// The origin's end of the request that was just sent, on a new connection or the one that
        /// rests.
        private static func accept(
            _ listener: Listener, or resting: HTTPStream?
        ) throws -> HTTPStream {
            let isReused = resting?.connection.isReadable(within: 0.3) == true
            let origin = try isReused ? resting : HTTPStream(listener.accept())
            guard let origin else { throw TestFailure("no connection") }
            _ = try origin.readHead()
            return origin
        }
    }
}
