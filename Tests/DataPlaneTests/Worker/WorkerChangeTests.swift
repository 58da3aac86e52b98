// A worker that is given something else to serve while clients are there: in the simulated world,
// where nothing but the change happens between two of its turns.

import Protocols
import TestSupport
import Testing

@testable import DataPlane

/// Answers every request with its own name.
private final class NamedOrigin: PeerProgram {
    private let name: String

    init(_ name: String) {
        self.name = name
    }

    func begin(_ peer: ProgramPeer) {}
    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        peer.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(name)".utf8))
    }
    func ended(_ peer: ProgramPeer) { peer.close() }
    func broken(_ peer: ProgramPeer) {}
    func reached(_ mark: Int, _ peer: ProgramPeer) {}
    func alarm(_ number: Int, _ peer: ProgramPeer) {}
}

/// Asks when it is told to, and notes who answered.
private final class AskingClient: PeerProgram {
    private(set) var answers = ""
    private(set) var hasEnded = false
    private var peer: ProgramPeer?

    func ask() { peer?.send(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)) }

    func begin(_ peer: ProgramPeer) {
        self.peer = peer
        ask()
    }
    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        answers.append(Character(UnicodeScalar(bytes[bytes.count - 1])))
    }
    func ended(_ peer: ProgramPeer) {
        hasEnded = true
        peer.close()
    }
    func broken(_ peer: ProgramPeer) {}
    func reached(_ mark: Int, _ peer: ProgramPeer) {}
    func alarm(_ number: Int, _ peer: ProgramPeer) {}
}

/// A worker with two origins, `a` and `b`, and listener 0 in front of `a`.
private struct Scene: ~Copyable {
    let world: SimulatedWorld
    let mailbox: Mailbox
    private let plan: PeerPlan
    private let endpoints: [Endpoint]
    private(set) var worker: Worker<SimulatedReactor>
    /// What it began with; `nil` when it does not hold that any more.
    private(set) weak var first: SiteSnapshot?

    init() throws {
        let sizes = WorkerConfiguration(flowsMax: 8, buffersMax: 64)
        let world = SimulatedWorld(
            seed: 1, socketsMax: Worker<SimulatedReactor>.socketsNeeded(for: sizes),
            buffersMax: 64)
        // Pieces and gaps as they come: whole messages, none.
        var plan = PeerPlan()
        plan.pieceBytes = 65_536...65_536
        plan.readBytes = 65_536...65_536
        plan.sendGapNs = 0...0
        plan.readGapNs = 0...0
        plan.ending = .closeAfterEnd
        let peer = plan
        endpoints = ["a", "b"].enumerated().map { id, name in
            let address = world.addEndpoint(.accepts) { _ in
                peer
            } program: { _ in
                NamedOrigin(name)
            }
            return Endpoint(id: UInt32(id), address: address, name: name, host: name)
        }
        let snapshot = try SiteSnapshot(Self.site(listeners: [0], to: endpoints[0]))
        mailbox = try Mailbox()
        worker = Worker(
            reactor: SimulatedReactor(world: world), configuration: sizes, snapshot: snapshot,
            listeners: [WorkerListener(id: 0, descriptor: world.makeListener())],
            health: .allUsable(endpoints), mailbox: mailbox, published: PublishedCounters())
        self.plan = plan
        self.world = world
        first = snapshot
    }

    private static func site(listeners: [UInt32], to endpoint: Endpoint) -> SiteDescription {
        let service = Service.http(HTTPPolicy(), trusted: [], upstream: 0)
        var site = SiteDescription(service, to: [endpoint], UpstreamPolicy())
        site.listeners = listeners.map { ListenerDescription(id: $0, service: service) }
        return site
    }

    func addClient(to listener: Int) -> AskingClient {
        let client = AskingClient()
        world.addClient(plan, to: listener, atNs: world.nowNs, program: client)
        return client
    }

    /// Has the worker serve one of the origins by these listeners.
    mutating func change(
        to endpoint: Int, listeners: [UInt32], opened: [WorkerListener] = [],
        closed: [UInt32] = []
    ) throws {
        let snapshot = try SiteSnapshot(
            Self.site(listeners: listeners, to: endpoints[endpoint]))
        let mailbox = mailbox
        let applied = mailbox.changesApplied
        world.at(world.nowNs) {
            mailbox.post(WorkerChange(snapshot: snapshot, opened: opened, closed: closed))
        }
        turn { _ in mailbox.changesApplied > applied }
    }

    func ask(_ client: AskingClient) {
        world.at(world.nowNs) { client.ask() }
    }

    /// Turns until something is so.
    mutating func turn(until isSo: (borrowing Worker<SimulatedReactor>) -> Bool) {
        for _ in 0..<200 where !isSo(worker) { worker.turn() }
        let hasHappened = isSo(worker)
        #expect(hasHappened)
    }
}

@Suite struct WorkerChangeTests {
    /// The next request on the same connection takes what is new, and nothing ends for it.
    @Test func theNextRequestTakesTheNewSnapshot() throws {
        var scene = try Scene()
        let client = scene.addClient(to: 0)
        scene.turn { _ in client.answers == "a" }
        try scene.change(to: 1, listeners: [0])
        #expect(scene.first == nil)
        scene.ask(client)
        scene.turn { _ in client.answers == "ab" }
        #expect(!client.hasEnded && !scene.worker.isFinished)
        // The connection to what is not served any more is gone.
        #expect(scene.worker.proxy.upstreams.count == 1)
        #expect(scene.world.violations.isEmpty)
    }

    @Test func listenersComeAndGo() throws {
        var scene = try Scene()
        let old = scene.addClient(to: 0)
        scene.turn { _ in old.answers == "a" }
        let listener = WorkerListener(
            number: 1, id: 1, descriptor: scene.world.makeListener())
        try scene.change(to: 0, listeners: [1], opened: [listener], closed: [0])
        scene.turn { _ in old.hasEnded }
        let new = scene.addClient(to: 1)
        scene.turn { _ in new.answers == "a" }
        #expect(scene.first == nil)
        #expect(!new.hasEnded && scene.world.violations.isEmpty)
    }

    /// A request that is under way ends as it began.
    @Test func whatIsUnderWayKeepsItsSnapshot() throws {
        var scene = try Scene()
        let client = scene.addClient(to: 0)
        scene.turn { _ in client.answers == "a" }
        scene.ask(client)
        scene.turn { $0.proxy.exchanges.count == 1 }
        try scene.change(to: 1, listeners: [0])
        scene.turn { _ in client.answers.count == 2 }
        #expect(client.answers == "aa")
        #expect(scene.first == nil && scene.world.violations.isEmpty)
    }

    /// A client may come by a socket that is being closed.
    @Test func removedListenersKeepWhatTheirSocketsNeed() throws {
        func snapshot(listeners: [UInt32]) throws -> SiteSnapshot {
            let service = Service.http(HTTPPolicy(), trusted: [], routes: [])
            return try SiteSnapshot(
                SiteDescription(
                    listeners: listeners.map { ListenerDescription(id: $0, service: service) },
                    upstreams: []))
        }
        let gauges = SiteGauges()
        let metrics = WorkerMetrics()
        let first = try snapshot(listeners: [0])
        var site = WorkerSite(
            first, worker: 0, health: EndpointHealth(), breakers: CircuitBreakers(workers: 1),
            metrics: metrics.writer, gauges: [gauges.writer], nowMs: 0)
        site.socketCame(0)
        let held = site.listeners[slot: 0].snapshot
        #expect(site.adopt(try snapshot(listeners: [1]), nowMs: 0))
        #expect(site.listeners[slot: 0].snapshot == held && !site.listeners[slot: 0].isCurrent)
        site.clientCame(0)
        site.socketWent(0)
        #expect(site.listeners[slot: 0].snapshot == held)
        site.clientWent(0)
        #expect(site.listeners[slot: 0].snapshot == .max)
        withExtendedLifetime((gauges, metrics)) {}
    }
}
