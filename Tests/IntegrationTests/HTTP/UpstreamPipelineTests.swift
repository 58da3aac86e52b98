// Requests of several clients on one connection to an origin: each client gets the answer to what
// it asked, whatever becomes of the others' answers. The program is stopped while the requests are
// sent, so that it finds all of them at once: in one turn on epoll, where counts are exact; with
// io_uring it may be a few turns.

import Foundation
import IntegrationSupport
import Synchronization
import Testing

extension Integration.HTTP {
    @Suite struct UpstreamPipelines {
        /// Clients of a program whose origin has shown that it can be trusted.
        private struct Crowd {
            let origin: HTTPOrigin
            let gyre: GyreProcess
            let clients: [HTTPStream]
            /// Whether what is sent together is one turn's.
            let isExact: Bool

            /// - Parameter answer: to everything but what the trust is built on.
            init(
                _ backend: Backend, count: Int = 8, depth: Int = 16, options: [String] = [],
                environment: [String: String] = [:],
                answer: @escaping @Sendable (ReceivedRequest) throws -> HTTPAnswer
            ) throws {
                origin = try HTTPOrigin { received in
                    let target = received.request.target
                    return target == "/proof" ? .ok(target) : try answer(received)
                }
                gyre = try GyreProcess(
                    http: [origin.address], backend: backend,
                    options: ["--workers", "1", "--upstream-pipeline", "\(depth)"] + options,
                    environment: environment)
                let gyre = gyre
                clients = try (0..<count).map { _ in try gyre.client() }
                isExact = backend == .epoll
                for _ in 0..<2 { _ = try clients[0].get("/proof") }
                // Accepted, all of them, and each of them known to the worker.
                _ = try gyre.counters { $0.clientsActive == count }
                guard !isExact else { return }
                // Every turn needs a connection that has been used before.
                try get(clients.map { _ in "/proof" })
                try expectAnswers(clients.map { _ in "/proof" })
            }

            /// Expects so many requests to have followed others.
            func expectFollowers(
                _ count: Int, resent: Int? = nil, _ comment: Comment? = nil,
                sourceLocation: SourceLocation = #_sourceLocation
            ) throws {
                let counters = try gyre.counters()
                let isRight =
                    isExact
                    ? counters.requestsPipelined == count
                        && counters.requestsResent == resent ?? counters.requestsResent
                    : counters.requestsPipelined > 0
                #expect(
                    isRight, "\(comment?.rawValue ?? ""): \(counters)",
                    sourceLocation: sourceLocation)
            }

            /// Sends one request of each client for the program to find them together.
            func ask(_ requests: [String]) throws {
                gyre.process.signal(SIGSTOP)
                defer { gyre.process.signal(SIGCONT) }
                // Until then it could still be woken by the first request alone.
                #expect(try eventually { try gyre.usage.isStopped() })
                for (client, request) in zip(clients, requests) { try client.send(request) }
            }

            func get(_ targets: [String]) throws {
                try ask(targets.map { Self.request("GET", $0) })
            }

            static func request(_ method: String, _ target: String, body: String = "") -> String {
                let length = method == "POST" ? "Content-Length: \(body.utf8.count)\r\n" : ""
                return "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(length)\r\n\(body)"
            }

            /// Expects each client's own answer, or none from those that are left out.
            func expectAnswers(_ targets: [String], except odd: Set<Int> = []) throws {
                for (position, target) in targets.enumerated() where !odd.contains(position) {
                    let response = try clients[position].readResponse()
                    #expect(response.status == 200 && response.text == target)
                }
            }
        }

        private static let targets = (0..<8).map { "/answer/\($0)" }

        @Test(arguments: Backend.usable)
        func oneTurnIsOneSend(_ backend: Backend) throws {
            let crowd = try Crowd(backend) { .ok($0.request.target) }
            let before = try crowd.gyre.counters()
            try crowd.get(Self.targets)
            try crowd.expectAnswers(Self.targets)
            try crowd.expectFollowers(7, resent: 0)
            if crowd.isExact {
                let after = try crowd.gyre.counters { $0.responses == 10 }
                #expect(crowd.origin.accepted == 1 && after.upstreamsOpened == 1)
                // One to the origin, and one to each client.
                let sends = after.systemCalls["send"] ?? 0
                #expect(sends - (before.systemCalls["send"] ?? 0) == 9)
            }
            // The clients' order is the connection's.
            #expect(crowd.origin.targets.suffix(8).sorted() == Self.targets)
        }

        @Test(arguments: Backend.usable)
        func depthIsKept(_ backend: Backend) throws {
            let crowd = try Crowd(backend, depth: 3) { .ok($0.request.target) }
            try crowd.get(Self.targets)
            try crowd.expectAnswers(Self.targets)
            // Three on the connection that was there, one on each of five new ones.
            if crowd.isExact { #expect(crowd.origin.accepted == 6) }
            try crowd.expectFollowers(2)
        }

        @Test(arguments: Backend.usable, ["0", "1"])
        func offIsOff(_ backend: Backend, depth: String) throws {
            let crowd = try Crowd(backend, depth: Int(depth) ?? 0) { .ok($0.request.target) }
            try crowd.get(Self.targets)
            try crowd.expectAnswers(Self.targets)
            if crowd.isExact { #expect(crowd.origin.accepted == 8) }
            #expect(try crowd.gyre.counters().requestsPipelined == 0)
        }

        @Test(arguments: Backend.usable)
        func manyAnswersGoToTheirOwners(_ backend: Backend) throws {
            let rounds = isQuickRun ? 40 : 150
            let crowd = try Crowd(backend, count: 32, depth: 128) { received in
                let target = received.request.target
                // Answers of many lengths and both framings, so that their ends fall anywhere.
                let body = target + String(repeating: "x", count: target.utf8.count * 37 % 3_000)
                guard target.hasSuffix("7") else { return .ok(body) }
                let size = String(body.utf8.count, radix: 16)
                return .keep(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "\(size)\r\n\(body)\r\n0\r\n\r\n")
            }
            for round in 0..<rounds {
                for (position, client) in crowd.clients.enumerated() {
                    let target = "/\(round)/" + String(repeating: "p", count: position) + "7"
                    try client.send(Crowd.request("GET", position % 2 == 0 ? target : target + "0"))
                }
                for (position, client) in crowd.clients.enumerated() {
                    let target = "/\(round)/" + String(repeating: "p", count: position) + "7"
                    let text = try client.readResponse().text
                    let asked = position % 2 == 0 ? target : target + "0"
                    let end = text.index(text.startIndex, offsetBy: asked.count)
                    #expect(text.hasPrefix(asked) && text[end...].allSatisfy { $0 == "x" })
                }
            }
            let counters = try crowd.gyre.counters { $0.responses >= 32 * rounds }
            #expect(counters.responses >= 32 * rounds && counters.localReplies == 0)
            #expect(counters.requestsPipelined > rounds)
        }

        /// What one of the answers does, and what its own client gets.
        private struct Trouble {
            let name: String
            /// Which one of eight.
            let at: Int
            let answer: HTTPAnswer
            var status = 200
            /// Others that are cut off by it. One whose turn it was is tried again, as ever.
            let resent: Int
        }

        private static let troubles = [
            Trouble(
                name: "close", at: 3,
                answer: .end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), resent: 3),
            Trouble(
                name: "told close", at: 3,
                answer: .end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
                resent: 4),
            Trouble(
                name: "until close", at: 4, answer: .end("HTTP/1.1 200 OK\r\n\r\nok"), resent: 3),
            Trouble(
                name: "HTTP/1.0", at: 2,
                answer: .keep(
                    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
                resent: 5),
            Trouble(
                name: "garbage", at: 3, answer: .keep("what is there to say\r\n\r\n"),
                status: 502, resent: 4),
            Trouble(
                name: "garbage first", at: 0, answer: .keep("what is there to say\r\n\r\n"),
                status: 502, resent: 7),
            Trouble(name: "no answer", at: 5, answer: .end(""), resent: 2),
            Trouble(name: "reset", at: 2, answer: .reset, resent: 5),
            Trouble(
                name: "half a head", at: 4, answer: .end("HTTP/1.1 200 OK\r\nContent-Le"),
                status: 502, resent: 3),
        ]

        @Test(arguments: Backend.usable, troubles.indices)
        func troubleIsOneClients(_ backend: Backend, index: Int) throws {
            let trouble = Self.troubles[index]
            let isOver = Atomic(false)
            let crowd = try Crowd(backend) { received in
                let isFirst = received.request.target == Self.targets[trouble.at]
                // Once: what is sent again is answered.
                if isFirst, !isOver.exchange(true, ordering: .relaxed) { return trouble.answer }
                return .ok(received.request.target)
            }
            try crowd.get(Self.targets)
            let response = try crowd.clients[trouble.at].readResponse()
            // One that had its connection to itself, a new one, is not tried again.
            let isTriedAgain = crowd.isExact || response.status != 502
            #expect(response.status == (isTriedAgain ? trouble.status : 502), "\(trouble.name)")
            try crowd.expectAnswers(Self.targets, except: [trouble.at])
            try crowd.expectFollowers(7, resent: trouble.resent, "\(trouble.name)")
            // Nobody follows for a while.
            try crowd.get(Self.targets)
            try crowd.expectAnswers(Self.targets)
            try crowd.expectFollowers(7, "\(trouble.name)")
            let failures = response.status == 502 ? 1 : 0
            #expect(try crowd.gyre.counters().localReplies == failures, "\(trouble.name)")
        }

        @Test(arguments: Backend.usable)
        func nobodyWaitsBehindOneThatStalls(_ backend: Backend) throws {
            let crowd = try Crowd(backend, options: ["--response-timeout", "1500ms"]) { received in
                if received.request.target == Self.targets[0] { pause(3) }
                return .ok(received.request.target)
            }
            try crowd.get(Self.targets)
            try crowd.expectAnswers(Self.targets, except: [0])
            #expect(!crowd.clients[0].connection.isReadable(within: 0))
            #expect(try crowd.clients[0].readResponse().status == 504)
            try crowd.expectFollowers(7, resent: 7)
        }

        /// A body that its client does not take holds up nobody else.
        @Test(arguments: Backend.usable, [40 << 10, 4 << 20])
        func nobodyWaitsBehindASlowReader(_ backend: Backend, bytes: Int) throws {
            let body = String(repeating: "b", count: bytes)
            let crowd = try Crowd(backend) { received in
                let target = received.request.target
                return .ok(target == Self.targets[0] ? body : target)
            }
            try crowd.get(Self.targets)
            try crowd.expectAnswers(Self.targets, except: [0])
            #expect(try crowd.clients[0].readResponse().text == body)
        }

        /// Some origins send a body with the answer to a HEAD: it must not become another's answer.
        @Test(arguments: Backend.usable)
        func nobodyFollowsAHead(_ backend: Backend) throws {
            let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
            let crowd = try Crowd(backend) { received in
                guard received.request.method == "HEAD" else { return .ok(received.request.target) }
                return .keep("HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n\(stray)")
            }
            let methods = ["GET", "GET", "HEAD", "GET", "GET", "HEAD", "GET", "GET"]
            for _ in 0..<10 {
                try crowd.ask(zip(methods, Self.targets).map { Crowd.request($0, $1) })
                for (position, method) in methods.enumerated() {
                    let response = try crowd.clients[position].readResponse(to: method)
                    #expect(response.status == 200)
                    #expect(response.text == (method == "HEAD" ? "" : Self.targets[position]))
                }
            }
        }

        @Test(arguments: Backend.usable)
        func headsAreAmongOthers(_ backend: Backend) throws {
            let crowd = try Crowd(backend) { received in
                guard received.request.method == "HEAD" else { return .ok(received.request.target) }
                return .keep("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n")
            }
            let methods = ["GET", "HEAD", "HEAD", "GET", "OPTIONS", "HEAD", "GET", "GET"]
            try crowd.ask(zip(methods, Self.targets).map { Crowd.request($0, $1) })
            for (position, method) in methods.enumerated() {
                let response = try crowd.clients[position].readResponse(to: method)
                #expect(response.text == (method == "HEAD" ? "" : Self.targets[position]))
                let length = response.head["Content-Length"]
                #expect(length == (method == "HEAD" ? "400000" : "\(response.body.count)"))
            }
            // One HEAD behind a GET; the others find no connection that has been used before.
            try crowd.expectFollowers(1)
        }

        /// What must not be done twice goes alone, as does what has a body or asks for more.
        @Test(arguments: Backend.usable)
        func othersGoAlone(_ backend: Backend) throws {
            let crowd = try Crowd(backend) { received in
                .ok("\(received.request.method) \(received.request.target)")
            }
            let upgrade = "GET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
            let requests = [
                Crowd.request("GET", "/0"), Crowd.request("POST", "/1", body: "body"),
                Crowd.request("GET", "/2"), Crowd.request("PUT", "/3"),
                Crowd.request("DELETE", "/4"), Crowd.request("POST", "/5"), upgrade,
                Crowd.request("GET", "/7"),
            ]
            try crowd.ask(requests)
            for (position, request) in requests.enumerated() {
                let line = request.split(separator: " ").prefix(2).joined(separator: " ")
                #expect(try crowd.clients[position].readResponse().text == line)
            }
            try crowd.expectFollowers(2)
            guard crowd.isExact else { return }
            for method in ["POST", "PUT", "DELETE"] {
                for received in crowd.origin.requests where received.request.method == method {
                    let beside = crowd.origin.requests.filter {
                        $0.connection == received.connection && $0.request.target != "/proof"
                    }
                    #expect(beside.count == 1)
                }
            }
        }

        /// Clients that leave while others' requests stand before and behind theirs.
        @Test(arguments: Backend.usable)
        func nobodyGetsWhatALostClientAskedFor(_ backend: Backend) throws {
            for position in [0, 3, 7] {
                let isAsked = Atomic(false)
                let crowd = try Crowd(backend) { received in
                    if received.request.target == Self.targets[0] {
                        isAsked.store(true, ordering: .releasing)
                        pause(0.01)
                    }
                    return .ok(received.request.target)
                }
                try crowd.get(Self.targets)
                #expect(eventually { isAsked.load(ordering: .acquiring) })
                crowd.clients[position].connection.reset()
                try crowd.expectAnswers(Self.targets, except: [position])
                let counters = try crowd.gyre.counters { $0.clientsActive == 7 }
                #expect(counters.clientsActive == 7 && counters.localReplies == 0)
            }
        }

        @Test(arguments: Backend.usable)
        func drainingAnswersAllOfThem(_ backend: Backend) throws {
            let isAsked = Atomic(false)
            let crowd = try Crowd(backend) { received in
                if received.request.target == Self.targets[2] {
                    isAsked.store(true, ordering: .releasing)
                    pause(0.01)
                }
                return .ok(received.request.target)
            }
            try crowd.get(Self.targets)
            #expect(eventually { isAsked.load(ordering: .acquiring) })
            crowd.gyre.process.signal(SIGTERM)
            try crowd.expectAnswers(Self.targets)
            crowd.clients.forEach { $0.close() }
            #expect(try crowd.gyre.process.wait(within: 5) == .exited(0))
        }

        @Test(arguments: Backend.usable)
        func pipeliningAllocatesNothing(_ backend: Backend) throws {
            let counter = try AllocationCounter()
            let crowd = try Crowd(backend, environment: counter.environment) {
                .ok($0.request.target)
            }
            func rounds(_ count: Int) throws {
                for _ in 0..<count {
                    for (client, target) in zip(crowd.clients, Self.targets) {
                        try client.send(Crowd.request("GET", target))
                    }
                    try crowd.expectAnswers(Self.targets)
                }
            }
            try rounds(50)
            let before = try counter.count()
            #expect(before > 0, "the counter must be in place, else 0 says nothing")
            try rounds(isQuickRun ? 50 : 200)
            #expect(try counter.count() == before)
        }

        @Test(arguments: Backend.usable)
        func wrkAndNginxSeeNoError(_ backend: Backend) throws {
            // nginx closes each connection after a thousand answers: others wait behind the last.
            let nginx = try NginxOrigin()
            let gyre = try GyreProcess(
                http: nginx.address, backend: backend,
                options: ["--workers", "1", "--upstream-pipeline", "32"])
            let load = try HTTPLoad.wrk(gyre.address, connections: 64, seconds: 2)
            #expect(load.requests > 500)
            #expect(load.errors == [])
            let counters = try gyre.counters()
            #expect(counters.localReplies == 0 && counters.responsesCut == 0)
            #expect(counters.requestsPipelined > 0)
        }
    }
}
