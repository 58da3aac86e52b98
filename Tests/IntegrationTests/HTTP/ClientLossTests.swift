// Clients that vanish, in each state of an exchange: the origin learns it, and nothing is kept.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct ClientLoss {
        /// What a client was at when it went.
        private enum State: CaseIterable {
            case new, idle, inHead, inBody, inChunk, awaiting, inResponse, inUnreadResponse
            case inEarlyResponse, expecting, inTunnel
        }

        private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"

        @Test(arguments: Backend.modes, [false, true])
        func nothingIsKept(_ backend: Backend, byReset: Bool) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                http: [listener.address], backend: backend,
                options: ["--half-close-timeout", "300ms", "--upstream-idle-max", "0"])
            let base = try gyre.usage.descriptorCount()
            for state in State.allCases {
                let client = try gyre.client()
                let origin = try Self.reach(state, client, listener)
                #expect(try eventually { try gyre.connectionsActive == 1 }, "\(state)")
                if byReset { client.connection.reset() } else { client.close() }
                if let origin {
                    // Who ended his side may still want the rest; that he does not shows when
                    // more of it comes.
                    let left = Background {
                        while state == .inResponse, (try? origin.send("more")) != nil {
                            pause(0.02)
                        }
                        _ = origin.connection.drain()
                    }
                    #expect(throws: Never.self, "\(state): the origin is not told") {
                        try left.value(within: 3)
                    }
                    origin.close()
                }
                do {
                    try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
                } catch {
                    Issue.record("\(state): \(error)")
                }
            }
            // And it still serves.
            let client = try gyre.client()
            try client.send(Self.get)
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(try client.readResponse().text == "ok")
        }

        /// Brings a client to a state.
        ///
        /// - Returns: the origin's end, where there is one that must learn of the loss.
        private static func reach(
            _ state: State, _ client: HTTPStream, _ listener: Listener
        ) throws -> HTTPStream? {
            func accept(after text: String) throws -> HTTPStream {
                try client.send(text)
                let origin = HTTPStream(try listener.accept())
                _ = try origin.readHead()
                return origin
            }
            let unfinished = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nbegin"
            switch state {
            case .new: return nil
            case .inHead:
                try client.send("GET / HTTP/1.1\r\nHo")
                return nil
            case .idle:
                let origin = try accept(after: get)
                try origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                _ = try client.readResponse()
                return nil
            case .inBody: return try accept(after: post + "\r\nhalf")
            case .inChunk:
                return try accept(
                    after: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nh")
            case .expecting: return try accept(after: post + "Expect: 100-continue\r\n\r\n")
            case .awaiting: return try accept(after: get)
            case .inResponse:
                let origin = try accept(after: get)
                try origin.send(unfinished)
                _ = try client.readHead()
                return origin
            case .inUnreadResponse:
                let origin = try accept(after: get)
                try origin.send(unfinished)
                // Until nobody takes any more.
                var entry = pollfd(
                    fd: origin.connection.descriptor, events: Int16(POLLOUT), revents: 0)
                while poll(&entry, 1, 200) > 0 {
                    let piece = [UInt8](repeating: 98, count: 4096)
                    _ = send(entry.fd, piece, piece.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                }
                return origin
            case .inEarlyResponse:
                let origin = try accept(after: post + "\r\nhalf")
                try origin.send(unfinished)
                _ = try client.readHead()
                return origin
            case .inTunnel:
                let origin = try accept(
                    after: "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
                try origin.send(
                    "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello")
                _ = try client.readHead()
                // Half closing is allowed in a tunnel; the origin ends its side when it sees it.
                let ender = origin
                _ = Background {
                    _ = ender.connection.drain()
                    ender.close()
                }
                return nil
            }
        }

        /// Origins that vanish while their clients wait; each client gets an answer or an end.
        @Test(arguments: Backend.modes)
        func lossOfAnOriginIsTold(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            for isReset in [false, true] {
                let answer = ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
                for (request, begun) in [
                    (Self.get, answer[0]), (Self.post + "\r\nhalf", answer[0]),
                    (Self.get, answer[1]), (Self.post + "\r\nhalf", answer[1]),
                ] {
                    let client = try gyre.client()
                    try client.send(request)
                    let origin = HTTPStream(try listener.accept())
                    _ = try origin.readHead()
                    if !begun.isEmpty {
                        try origin.send(begun)
                        _ = try client.readHead()
                    }
                    if isReset { origin.connection.reset() } else { origin.close() }
                    if begun.isEmpty { #expect(try client.readResponse().status == 502) }
                    client.close()
                }
            }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
        }

        /// Many at once, killed by the kernel rather than by this program.
        @Test(arguments: Backend.modes)
        func killedClientsLeaveNothing(_ backend: Backend) throws {
            let nginx = try NginxOrigin(bigBytes: 16 << 20)
            let gyre = try GyreProcess(http: nginx.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            let curls = try (0..<8).map { number in
                try ChildProcess(
                    ["curl", "-sS", "--limit-rate", "2M", "--max-time", "20"]
                        + (number % 2 == 0
                            ? ["-o", "/dev/null", gyre.url("/big")]
                            : ["-T", nginx.file("/big"), gyre.url("/stored/\(number)")]))
            }
            pause(0.5)
            #expect(try gyre.counters().clientsActive == curls.count)
            curls.forEach { $0.signal(SIGKILL) }
            #expect(try eventually { try gyre.counters().clientsActive == 0 })
            nginx.process.signal(SIGTERM)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: curls.count)
        }
    }
}
