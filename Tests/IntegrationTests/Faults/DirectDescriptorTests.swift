// What direct descriptors are for: more connections in one process than it may have descriptors.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct DirectDescriptors {
        /// Runs a command with so few descriptors that each table has room for 384 clients at most.
        private static let fewDescriptors = ["/bin/sh", "-c", "ulimit -n 1024; exec \"$@\"", "sh"]

        private static var isUsable: Bool { Backend.modes.contains(.direct) }

        @Test(.enabled(if: isUsable))
        func flowsAreMoreThanDescriptors() throws {
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: [origin.address.description], backend: .direct,
                options: ["--max-connections", "1500"], launcher: Self.fewDescriptors)
            #expect(try gyre.counters().workers == 4, "as many tables as it takes")
            let base = try gyre.usage.descriptorCount()
            // Not to the last: the kernel does not spread clients evenly over the workers.
            let flows = try (0..<1_200).map { _ in try gyre.connect() }
            for flow in flows { try flow.send([9]) }
            for flow in flows { #expect(try flow.receive(1) == [9]) }
            #expect(try gyre.counters().flowsActive == 1_200)
            #expect(try gyre.usage.descriptorCount() == base)
            flows.forEach { $0.close() }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 16)
        }

        @Test(.enabled(if: isUsable))
        func clientsAreMoreThanDescriptors() throws {
            let origin = try HTTPOrigin { _ in .ok("served") }
            let gyre = try GyreProcess(
                http: [origin.address], backend: .direct,
                options: ["--max-connections", "2200", "--workers", "4"],
                launcher: Self.fewDescriptors)
            let clients = try (0..<1_800).map { _ in try gyre.client() }
            for _ in 0..<2 {
                for client in clients { #expect(try client.get("/").text == "served") }
            }
            #expect(try gyre.counters().clientsActive == 1_800)
        }

        /// More clients than half a table are meant to be idle mostly: when all want something at
        /// once, those without a slot for a connection to the endpoint are told so.
        @Test(.enabled(if: isUsable))
        func lackOfSlotsPasses() throws {
            let origin = try HTTPOrigin { received in
                if received.request.target == "/slow" { pause(1) }
                return .ok("served")
            }
            let gyre = try GyreProcess(
                http: [origin.address], backend: .direct,
                options: ["--max-connections", "576", "--workers", "1"],
                launcher: Self.fewDescriptors)
            let clients = try (0..<570).map { _ in try gyre.client() }
            for client in clients { #expect(try client.get("/").text == "served") }
            for client in clients { try client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") }
            var statuses: [Int: Int] = [:]
            for client in clients {
                let response = try client.readResponse()
                statuses[response.status, default: 0] += 1
            }
            #expect(statuses.keys.allSatisfy { $0 == 200 || $0 == 503 }, "\(statuses)")
            #expect(statuses[200, default: 0] >= 192 && statuses[503, default: 0] >= 1)
            for client in clients { #expect(try client.get("/").text == "served") }
        }

        /// A client that is beyond the limit waits; it is not accepted to be dropped.
        @Test(.enabled(if: isUsable))
        func fullTablesTurnNobodyAway() throws {
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: [origin.address.description], backend: .direct,
                options: ["--workers", "1", "--max-connections", "1000"],
                launcher: ["/bin/sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"])
            let base = try gyre.usage.descriptorCount()
            let flood = try (0..<300).map { _ in try gyre.connect() }
            for client in flood { try client.send([8]) }
            for client in flood {
                #expect(try client.receive(1) == [8])
                client.close()
            }
            #expect(origin.accepted == 300)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 64)
        }
    }
}
