// Everything that distinguishes one simulated HTTP run from another, drawn from its seed before the
// run begins.

import DataPlane
import Protocols
import TestSupport

/// The set-up of one run.
struct HTTPRunPlan {
    let seed: UInt64
    let faults: FaultPlan
    let policy: HTTPPolicy
    /// What holds for the upstream at first.
    let upstream: UpstreamPolicy
    let site: SitePlan
    /// Clients whose forwarding fields are believed.
    let trusted: [IPBlock]
    let clientsMax: Int
    let buffersMax: Int
    let pipesMax: Int
    let listeners: Int
    let endpoints: [EndpointManner]
    let clients: [ClientPlan]
    let answers: AnswerManner
    /// When the worker is asked to drain, after the start.
    let drainNs: UInt64
    /// When it is asked to end at once; `nil` if it never is.
    let terminateNs: UInt64?

    /// Requests are numbered from 1 on, each client's from another multiple of this.
    static let numbersPerClient = 32

    /// By then everything that does not need the drain has come to its end.
    static let lateDrainNs: UInt64 = 4_000_000_000_000

    init(seed: UInt64) {
        var random = SeededRandom(seed: SeededRandom.mix(seed ^ 0x6874_7470))
        self.seed = seed
        var faults = random.chance(100) ? FaultPlan.none : .random(&random)
        // What a connection attempt meets is the endpoints' affair most of the time.
        if random.chance(500) {
            faults.connectThrowsPerMille = 0
            faults.connectFailsPerMille = 0
            faults.connectHangsPerMille = 0
        }
        // Drawn apart, so that other runs stay what they were.
        var crowdRandom = SeededRandom(seed: SeededRandom.mix(seed ^ 0x6372_6F77))
        let isCrowd = crowdRandom.chance(300)
        let isRoomy = random.chance(700)
        if isRoomy { faults.hostageBuffersMax = 0 }
        if isCrowd, crowdRandom.chance(700) {
            (faults.kickDelayNs, faults.completionDelayNs) = (0...0, 0...0)
        }
        self.faults = faults
        let relay: RelayMode = random.pick([.auto, .copy, .splice])
        var drawn = Self.policies(&random)
        if isCrowd {
            drawn.upstream.pipelineMax = crowdRandom.pick([2, 3, 8, 128])
            if crowdRandom.chance(700) { drawn.upstream.idleMax = 256 }
        }
        drawn.policy.relay = relay
        drawn.upstream.connectMs = random.pick([100, 5_000])
        (policy, trusted) = (drawn.policy, drawn.trusted)
        clientsMax = random.chance(200) ? random.pick(1...3) : 64
        buffersMax = isRoomy ? 4_096 : random.pick([8, 32, 256])
        pipesMax = random.pick([1, 2, 16])
        listeners = random.pick(1...2)
        var endpoints: [EndpointManner] = (0..<random.pick(1...3)).map { _ in
            switch random.pick(0...19) {
            case 0: .fails(random.pick([111, 113, 101, 110]))
            case 1: .hangs
            default: .accepts
            }
        }
        if isCrowd, crowdRandom.chance(800) { endpoints = [.accepts] }
        let site = SitePlan(
            seed: seed, drawn.upstream, endpoints: &endpoints, listeners: listeners)
        (self.endpoints, self.site) = (endpoints, site)
        upstream = site.states[0].policy
        let pauseNsMax: UInt64 = random.pick([800_000_000, 8_000_000_000, 150_000_000_000])
        let bodyBytesMax = random.pick([64, 2_000, 2_000, 40_000, 400_000])
        var answers = AnswerManner(
            bodyBytesMax: bodyBytesMax, troublePerMille: random.pick([0, 0, 100, 400]),
            pauseNsMax: pauseNsMax)
        var manner = ClientManner(
            requests: RequestLimits(
                bodyBytesMax: bodyBytesMax, headBytesMax: policy.heads.headBytesMax,
                fieldsMax: policy.heads.fieldsMax, targetBytesMax: policy.heads.targetBytesMax,
                flawPerMille: random.pick([0, 30, 200])),
            listeners: listeners, arrivalNsMax: random.pick([0, 1_000_000, 1_000_000_000]),
            troublePerMille: random.pick([0, 0, 100, 400]), pauseNsMax: pauseNsMax,
            answerBytesMax: bodyBytesMax + 500)
        var clients: [ClientPlan] = []
        var count = random.chance(100) ? random.pick(8...24) : random.pick(1...5)
        if isCrowd { count = Self.gather(&manner, &answers, &crowdRandom) }
        self.answers = answers
        for position in 0..<count {
            let first = 1 + position * Self.numbersPerClient
            clients.append(ClientPlan(firstNumber: first, in: manner, by: &random))
        }
        self.clients = clients
        drainNs = random.chance(750) ? Self.lateDrainNs : random.pick(0...2_000_000_000)
        terminateNs = random.chance(60) ? random.pick(0...3_000_000_000) : nil
    }

    /// Many who ask for little at the same time, and mostly get it.
    ///
    /// - Returns: how many.
    private static func gather(
        _ clients: inout ClientManner, _ answers: inout AnswerManner, _ random: inout SeededRandom
    ) -> Int {
        clients.requests.safePerMille = random.pick([500, 900, 1_000])
        answers.calmPerMille = random.pick([900, 990, 1_000])
        answers.troublePerMille = random.pick([0, 5, 30, 100])
        if random.chance(700) { clients.arrivalNsMax = 0 }
        if random.chance(800) {
            clients.beatNs = random.pick([1_000_000, 10_000_000, 50_000_000])
        }
        return random.pick(6...24)
    }

    private static func policies(
        _ random: inout SeededRandom
    ) -> (policy: HTTPPolicy, upstream: UpstreamPolicy, trusted: [IPBlock]) {
        var policy = HTTPPolicy()
        var upstream = UpstreamPolicy()
        upstream.retries.attemptsMax = 1
        func deadline(_ short: UInt64, _ long: UInt64) -> UInt64 {
            random.chance(400) ? short : long
        }
        policy.deadlines.headMs = deadline(2_000, 30_000)
        policy.deadlines.bodyMs = deadline(2_500, 60_000)
        upstream.responseMs = deadline(3_000, 60_000)
        upstream.silenceMs = deadline(3_500, 60_000)
        policy.deadlines.keepAliveMs = deadline(4_000, 75_000)
        upstream.keepAliveMs = deadline(1_500, 60_000)
        policy.deadlines.tunnelMs = deadline(5_000, 120_000)
        policy.deadlines.halfCloseMs = deadline(500, 2_000)
        policy.heads = HeadLimits(
            headBytesMax: random.pick([3_000, 8_192, 32_768, 65_535]),
            fieldsMax: random.pick([40, 128]), targetBytesMax: random.pick([300, 8_192]))
        if random.chance(200) { policy.bodyBytesMax = UInt64(random.pick([100, 3_000, 100_000])) }
        if random.chance(200) { policy.requestsMax = UInt32(random.pick(1...4)) }
        policy.pipelineDepthMax = UInt32(random.pick([1, 2, 32]))
        upstream.idleMax = UInt32(random.pick([0, 1, 2, 256, 256, 256]))
        upstream.host = random.pick(HostPolicy.allCases)
        policy.forwarded = random.pick([
            .xForwarded, .xForwarded, .forwarded, [.xForwarded, .forwarded], [],
        ])
        if random.chance(300) { policy.forwarded.insert(.via) }
        let all = ["0.0.0.0/0", "::/0"].compactMap { try? IPBlock(parsing: $0) }
        let trusted = random.pick([[], [], all, [all[0]]])
        policy.allowsConnect = random.chance(500)
        return (policy, upstream, trusted)
    }

    /// Requests and responses tell which of several states they went by.
    static let stateField = "x-site"

    /// - Parameter number: of a state.
    func description(_ number: Int, _ endpoints: [Endpoint]) -> SiteDescription {
        var action = ForwardAction(upstream: 0)
        if site.changes {
            let line = FieldLine(Self.stateField, "\(number)")
            action.requestFields.added = [line]
            action.responseFields.added = [line]
        }
        return site.states[number].description(
            .http(policy, trusted: trusted, routes: [Route(.forward(action))]), endpoints)
    }

    /// The plan without the clients' scripts.
    var summary: String {
        """
        \(clients.count) clients, \(listeners) listeners, endpoints \(endpoints), \
        at most \(clientsMax) clients at once, \(buffersMax) buffers, \(pipesMax) pipes, \
        drain at \(drainNs), terminate at \(terminateNs ?? 0)
        \(answers)
        \(policy)
        trusted \(trusted)
        \(faults)
        \(site.summary)
        """
    }

    /// Whether requests can share a connection.
    var pipelines: Bool { site.policies.contains { $0.pipelineMax > 1 } }

    /// The longest that a run may take on the virtual clock.
    var boundNs: UInt64 { drainNs + 1_000_000_000_000 }

    /// Whether buffers can run out.
    var mayStarve: Bool { buffersMax < 4_096 }

    /// The socket by which a client comes.
    func socket(of client: ClientPlan) -> Int {
        site.socket(ofListener: client.listener, atNs: client.arrivalNs)
    }

    /// Names are of different lengths.
    func name(ofEndpoint endpoint: Int) -> String {
        "endpoint-\(endpoint)" + String(repeating: "e", count: endpoint * endpoint) + ".test"
    }
}
