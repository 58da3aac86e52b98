// Clients of one listener at once.

import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct ClientLimits {
        private static func site(
            _ origin: PeerAddress, _ limit: String, service: String = "http", workers: Int = 2,
            address: String = "127.0.0.1:0"
        ) -> String {
            """
            workers: \(workers)
            listeners:
              - name: web
                protocol: \(service)
                address: "\(address)"
                upstream: app
                limits: {connections: \(limit)}
            upstreams:
              - {name: app, endpoints: ["\(origin)"]}
            """
        }

        @Test(arguments: Backend.modes)
        func surplusClientsAreTold(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let gyre = try GyreProcess(
                site: Self.site(origin.address, "3"), backend: backend, in: directory)
            let clients = try (0..<3).map { _ in
                let client = try gyre.client()
                #expect(try client.get("/").status == 200)
                return client
            }
            for request in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
                let surplus = try gyre.client()
                try surplus.send(request)
                let answer = try surplus.readResponse()
                #expect(answer.status == 503 && answer.head["Connection"] == "close")
                #expect(answer.head["Retry-After"] == "1")
                #expect(answer.text.contains("too many connections"))
                try surplus.expectEnd()
            }
            for client in clients { #expect(try client.get("/").status == 200) }
            clients[0].close()
            // Its place is free as soon as it is noticed.
            let isFree = eventually {
                let status = try? gyre.client().get("/").status
                return status == 200
            }
            #expect(isFree)
            #expect(try gyre.counters().connectionsOverLimit >= 2)
        }

        @Test(arguments: Backend.modes)
        func surplusFlowsAreReset(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                site: Self.site(origin.address, "5", service: "tcp", workers: 4),
                backend: backend, in: directory)
            var open: [Connection] = []
            for number in 0..<20 as Range<UInt8> {
                let connection = try gyre.connect()
                guard number < 5 else {
                    #expect(HTTPStream(connection).isEnded())
                    continue
                }
                try connection.send([number])
                #expect(try connection.receive(1) == [number])
                open.append(connection)
            }
            let counters = try gyre.counters { $0.connectionsOverLimit == 15 }
            #expect(counters.connectionsOverLimit == 15 && counters.flowsActive == 5)
            for connection in open { connection.close() }
            let isFree = eventually {
                guard let connection = try? gyre.connect() else { return false }
                return (try? connection.send([1])) != nil && (try? connection.receive(1)) == [1]
            }
            #expect(isFree)
        }

        /// However many come at the same moment, to whichever workers.
        @Test(arguments: Backend.usable)
        func aCrowdDoesNotGetMore(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                site: Self.site(origin.address, "7", service: "tcp", workers: 4),
                backend: backend, in: directory)
            for _ in 0..<5 {
                let crowd = (0..<40).map { _ in
                    Background {
                        let connection = try gyre.connect()
                        try? connection.send([1])
                        return ((try? connection.receive(1)) == [1], connection)
                    }
                }
                let served = try crowd.map { try $0.value() }
                let count = served.count { $0.0 }
                #expect((1...7).contains(count))
                for (_, connection) in served { connection.close() }
                #expect(try eventually { try gyre.connectionsActive == 0 })
            }
        }

        /// Those who do not go when they are told to cannot fill up the worker.
        @Test(arguments: Backend.usable)
        func fewAreToldAtTheSameTime(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let gyre = try GyreProcess(
                site: Self.site(origin.address, "1", workers: 1), backend: backend, in: directory)
            let client = try gyre.client()
            #expect(try client.get("/").status == 200)
            var waiting: [HTTPStream] = []
            for _ in 0..<80 { waiting.append(try gyre.client()) }
            let told = waiting.count { (try? $0.readResponse().status) == 503 }
            #expect(told == 64)
            #expect(try gyre.counters { $0.connectionsOverLimit == 80 }.clientsActive == 65)
            // Until they have to go.
            #expect(try eventually(within: 10) { try gyre.connectionsActive == 1 })
            #expect(try gyre.client().readResponse().status == 503)
            #expect(try client.get("/").status == 200)
        }

        /// Clients that were there before count.
        @Test(arguments: Backend.usable)
        func anotherLimitHoldsAtOnce(_ backend: Backend) throws {
            let directory = try TemporaryDirectory()
            let origin = try HTTPOrigin(named: "app")
            let address = try withFreePort { "127.0.0.1:\($0)" }
            func site(_ limit: String) -> String {
                Self.site(origin.address, limit, address: address)
            }
            let gyre = try GyreProcess(site: site("auto"), backend: backend, in: directory)
            let clients = try (0..<4).map { _ in try gyre.client() }
            for client in clients { #expect(try client.get("/").status == 200) }
            try gyre.reload(site: site("4"), backend: backend, in: directory)
            #expect(try gyre.client().readResponse().status == 503)
            try gyre.reload(site: site("5"), backend: backend, in: directory)
            let fifth = try gyre.client()
            #expect(try fifth.get("/").status == 200)
            #expect(try gyre.client().readResponse().status == 503)
            for client in clients { #expect(try client.get("/").status == 200) }
        }
    }
}
