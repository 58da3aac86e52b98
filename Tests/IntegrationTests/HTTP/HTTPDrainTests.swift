// Ending: exchanges under way finish and say that they are the last, connections that wait for
// nothing close at once.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Draining {
        private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

        @Test(arguments: Backend.modes)
        func exchangesFinishAndIdleConnectionsClose(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                http: [listener.address], backend: backend, options: ["--workers", "1"])
            // One that awaits its answer, one that is within it, one that is within its request.
            let (awaiting, toAwaiting) = try Self.exchange(Self.get, gyre, listener)
            let (taking, toTaking) = try Self.exchange(Self.get, gyre, listener)
            try toTaking.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            _ = try taking.readHead()
            let (sending, toSending) = try Self.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf", gyre, listener)
            // One that has been served and rests, as does its connection to the origin.
            let (idle, resting) = try Self.exchange(Self.get, gyre, listener)
            try resting.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            _ = try idle.readResponse()
            let fresh = try gyre.client()

            gyre.process.signal(SIGTERM)
            #expect(idle.isEnded(within: 2), "nothing is under way on it")
            #expect(fresh.isEnded(within: 2), "nothing has come on it")
            #expect(resting.isEnded(within: 2), "nobody will use it")
            #expect(throws: SocketError.self, "new connections must be refused") {
                try gyre.connect().send([1])
                _ = try gyre.connect()
            }
            pause(0.2)
            #expect(gyre.process.exitStatus == nil, "exchanges are under way")

            try sending.send("full")
            #expect(try toSending.readBytes(8) == Array("halffull".utf8))
            for (origin, client) in [(toAwaiting, awaiting), (toSending, sending)] {
                try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                let response = try client.readResponse()
                #expect(response.text == "ok")
                #expect(response.head.has("close", in: "Connection"))
                try client.expectEnd()
                // gyre listens for a while to who is told to go, in case he was still sending.
                client.close()
            }
            #expect(gyre.process.exitStatus == nil, "one is still under way")
            try toTaking.send("full")
            #expect(try taking.readBytes(8) == Array("halffull".utf8))
            try taking.expectEnd()
            taking.close()
            #expect(try gyre.process.wait(within: 2) == .exited(0))
        }

        /// Under load: every request that was taken is answered, whatever the moment.
        @Test(arguments: Backend.modes)
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

        @Test(arguments: Backend.modes)
        func tunnelsMayFinish(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let (client, origin) = try Self.exchange(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
                gyre, listener)
            gyre.process.signal(SIGTERM)
            pause(0.2)
            // Also one that becomes a tunnel only now.
            try origin.send(
                "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello")
            #expect(try client.readHead().startLine.hasPrefix("HTTP/1.1 101"))
            #expect(try client.readBytes(5) == Array("hello".utf8))
            try client.send("bye")
            #expect(try origin.readBytes(3) == Array("bye".utf8))
            #expect(gyre.process.exitStatus == nil)
            client.close()
            try origin.expectEnd()
            origin.close()
            #expect(try gyre.process.wait(within: 2) == .exited(0))
        }

        @Test(arguments: Backend.modes)
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

        /// Sends a request, or the begin of one, on a new connection.
        ///
        /// - Returns: the client's end and the origin's, which has read the head.
        private static func exchange(
            _ request: String, _ gyre: GyreProcess, _ listener: Listener
        ) throws -> (client: HTTPStream, origin: HTTPStream) {
            let client = try gyre.client()
            try client.send(request)
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readHead()
            return (client, origin)
        }
    }
}
