// Every wait has an end: connecting to an endpoint that never answers, and flows that fall silent.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Timeouts {
        @Test(arguments: Backend.modes)
        func silentEndpointTimesOutAndTheNextIsUsed(_ backend: Backend) throws {
            let silent = try SilentEndpoint()
            let origin = try SwarmOrigin()
            let gyre = try GyreProcess(
                to: [silent.address.description, origin.address.description], backend: backend,
                options: ["--connect-timeout", "1s", "--workers", "1"])
            let start = ContinuousClock.now
            // Two clients: one of them starts with the silent endpoint, whichever is first.
            for _ in 0..<2 {
                let client = try gyre.connect()
                try client.send([1])
                #expect(try client.receive(1) == [1])
            }
            let took = ContinuousClock.now - start
            #expect(took > .seconds(0.8) && took < .seconds(3))
            #expect(origin.accepted == 2)
        }

        @Test(arguments: Backend.modes)
        func clientIsResetWhenConnectingTimesOut(_ backend: Backend) throws {
            let silent = try SilentEndpoint()
            let gyre = try GyreProcess(
                to: silent.address, backend: backend, options: ["--connect-timeout", "1s"])
            let base = try gyre.usage.descriptorCount()
            let client = try gyre.connect()
            let start = ContinuousClock.now
            let error = #expect(throws: SocketError.self) { try client.receive(1) }
            #expect(error?.code == ECONNRESET)
            let took = ContinuousClock.now - start
            #expect(took > .seconds(0.8) && took < .seconds(3))
            client.close()
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
        }

        /// All routes side by side: what takes time here is waiting.
        @Test func idleFlowIsClosedAndABusyOneIsNot() throws {
            let pairs = try Route.all.map { try IdleAndBusy($0) }
            let start = ContinuousClock.now
            // One direction alone keeps a flow alive, whichever it is.
            for round in 0..<8 {
                for pair in pairs { try pair.use(round: round) }
                if round == 1 {
                    for pair in pairs {
                        #expect(!pair.hasEndedIdle, "\(pair.route): cut early")
                    }
                }
                pause(0.4)
            }
            #expect(ContinuousClock.now - start < .seconds(6), "the machine is too slow to tell")
            for pair in pairs {
                #expect(pair.hasEndedIdle, "\(pair.route): not cut")
                try pair.finish()
            }
        }
    }
}

/// A gyre that ends idle flows after a second, with a flow that rests and one that works.
private struct IdleAndBusy {
    let route: Route
    private let gyre: GyreProcess
    private let idle: (client: Connection, origin: Connection)
    private let busy: (client: Connection, origin: Connection)

    init(_ route: Route) throws {
        self.route = route
        let listener = try Listener()
        gyre = try GyreProcess(
            to: listener.address, route: route, options: ["--idle-timeout", "1s"])
        idle = (try gyre.connect(), try listener.accept())
        busy = (try gyre.connect(), try listener.accept())
    }

    /// Whether both ends of the resting flow were told of its end.
    var hasEndedIdle: Bool {
        idle.client.isReadable(within: 0) && idle.origin.isReadable(within: 0)
    }

    /// Moves a byte on the working flow: upward in the first rounds, downward in the later ones.
    func use(round: Int) throws {
        let (from, to) = round < 4 ? (busy.client, busy.origin) : (busy.origin, busy.client)
        try from.send([UInt8(round)])
        guard try to.receive(1) == [UInt8(round)] else {
            throw TestFailure("\(route): wrong byte in round \(round)")
        }
    }

    /// The flow that was cut has been given up wholly, the working one is all there is.
    func finish() throws {
        guard try gyre.counters().flowsActive == 1 else {
            throw TestFailure("\(route): the cut flow is still held")
        }
    }
}
