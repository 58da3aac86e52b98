// Everything that distinguishes one simulated run from another, drawn from its seed before the run
// begins.

import DataPlane
import TestSupport

/// The set-up of one run.
struct RunPlan {
    let seed: UInt64
    let relay: RelayMode
    let faults: FaultPlan
    let hasRingSplice: Bool
    let flowsMax: Int
    let buffersMax: Int
    let pipesMax: Int
    let connectTimeoutMs: UInt64
    let idleTimeoutMs: UInt64
    let listeners: Int
    let endpoints: [EndpointManner]
    let site: SitePlan
    let clients: [Client]
    /// Bytes that an endpoint's side sends at most, and its longest pause.
    let bytesMax: Int
    let stallNsMax: UInt64
    /// When the worker is asked to drain, after the start.
    let drainNs: UInt64
    /// When it is asked to end at once; `nil` if it never is.
    let terminateNs: UInt64?

    struct Client {
        let plan: PeerPlan
        /// The socket by which it comes.
        let socket: Int
        let arrivalNs: UInt64
    }

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        self.seed = seed
        relay = random.pick(RelayMode.allCases)
        faults = random.chance(100) ? .none : .random(&random)
        hasRingSplice = relay == .spliceRing || random.chance(500)
        flowsMax = random.chance(300) ? random.pick(1...4) : 64
        buffersMax = random.pick([4, 8, 32, 256, 4_096])
        pipesMax = random.pick([1, 2, 16])
        connectTimeoutMs = random.pick([60, 5_000])
        idleTimeoutMs = random.pick([5_000, 60_000])
        listeners = random.pick(1...3)
        var endpoints: [EndpointManner] = (0..<random.pick(1...4)).map { _ in
            switch random.pick(0...9) {
            case 0: .fails(random.pick([111, 113, 101]))
            case 1: .hangs
            default: .accepts
            }
        }
        var upstream = UpstreamPolicy()
        upstream.connectMs = connectTimeoutMs
        let site = SitePlan(seed: seed, upstream, endpoints: &endpoints, listeners: listeners)
        (self.endpoints, self.site) = (endpoints, site)
        bytesMax = random.pick([64, 4_096, 65_536, 600_000])
        stallNsMax = random.pick([50_000_000, 1_000_000_000, 20_000_000_000])
        let arrivalNsMax = random.pick([0, 1_000_000, 200_000_000] as [UInt64])
        let count = random.chance(200) ? random.pick(16...48) : random.pick(1...8)
        var arrived: [Client] = []
        for _ in 0..<count {
            let plan = PeerPlan.random(&random, bytesMax: bytesMax, stallNsMax: stallNsMax)
            let listener = random.pick(0...listeners - 1)
            let arrivalNs = random.pick(0...arrivalNsMax)
            arrived.append(
                Client(
                    plan: plan, socket: site.socket(ofListener: listener, atNs: arrivalNs),
                    arrivalNs: arrivalNs))
        }
        clients = arrived
        drainNs = random.chance(600) ? 400_000_000_000 : random.pick(0...2_000_000_000)
        terminateNs = random.chance(150) ? random.pick(0...3_000_000_000) : nil
    }

    /// The plan without the clients' scripts.
    var summary: String {
        """
        relay \(relay), \(clients.count) clients, \(listeners) listeners, endpoints \(endpoints), \
        at most \(flowsMax) flows, \(buffersMax) buffers, \(pipesMax) pipes, \
        connect timeout \(connectTimeoutMs) ms, idle timeout \(idleTimeoutMs) ms, \
        stalls up to \(stallNsMax) ns, drain at \(drainNs), terminate at \(terminateNs ?? 0)
        \(faults)
        \(site.summary)
        """
    }

    /// The longest that a run may take on the virtual clock: every flow after the other, each with
    /// its timeouts and pauses, and then some.
    var boundNs: UInt64 {
        let attempts = UInt64(endpoints.count)
        let perFlowMs =
            idleTimeoutMs * 4 + site.longest(\.connectMs) * attempts
            + site.longest(\.pendingMs) * (attempts + 1)
        return drainNs + UInt64(clients.count) * (perFlowMs * 1_000_000 + stallNsMax * 12)
            + 60_000_000_000
    }

    /// Whether the flows together can need more buffers than there are.
    var mayExhaustBuffers: Bool { buffersMax < 4_096 }

    /// Whether the pauses of other flows can starve one until it times out: through an exhausted
    /// pool, whose buffers also hold what was read ahead of a connection attempt that hangs.
    func mayStarve(_ connections: [SimulatedConnection]) -> Bool {
        guard mayExhaustBuffers else { return false }
        if faults.connectHangsPerMille > 0 || endpoints.contains(.hangs) { return true }
        // So do those that wait for their turn.
        if site.hasHangs || site.hasLimits { return true }
        let stallsNs = connections.reduce(0) { $0 + $1.plan.stallsNs }
        return stallsNs + 3_000_000_000 > idleTimeoutMs * 1_000_000
    }
}
