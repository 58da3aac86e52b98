// A worker with one listener in a simulated world without faults, whose clients and origins do what
// a test says, and everything that it tells of itself.

import Protocols
import TestSupport

@testable import DataPlane

/// Does something when it comes, and something at the first bytes it reads.
final class PlayedPeer: PeerProgram {
    typealias Act = @Sendable (ProgramPeer) -> Void
    private let begins: Act
    private let reads: Act
    private(set) var received: [UInt8] = []

    init(begins: @escaping Act = { _ in }, reads: @escaping Act = { _ in }) {
        (self.begins, self.reads) = (begins, reads)
    }

    func begin(_ peer: ProgramPeer) { begins(peer) }
    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        let isFirst = received.isEmpty
        received += bytes
        if isFirst { reads(peer) }
    }
    func ended(_ peer: ProgramPeer) { peer.close() }
    func broken(_ peer: ProgramPeer) {}
    func reached(_ mark: Int, _ peer: ProgramPeer) {}
    func alarm(_ number: Int, _ peer: ProgramPeer) {}
}

extension ProgramPeer {
    func send(_ text: String) { send(Array(text.utf8)) }
}

/// What a scene is made of.
struct ScenePlan: Sendable {
    typealias Act = PlayedPeer.Act

    var client: (begins: Act, reads: Act) = ({ _ in }, { _ in })
    /// What each endpoint does at the first bytes of a connection.
    var origins: [Act] = [{ $0.send(Self.answer) }]
    /// How each answers a connection attempt.
    var manners: [EndpointManner]?
    var http = HTTPPolicy()
    var upstream = UpstreamPolicy()
    var tcp: TCPPolicy?
    /// No request has a route.
    var isRouteless = false
    var limits = AdmissionLimits()
    var acceptsProxy = ProxyAcceptance()
    /// When the worker is told to end, after the start; `nil` for never.
    var terminateMs: UInt64?
    /// When each client comes, after the start.
    var arrivalsMs: [UInt64] = [0]
    /// When the worker is told to drain: everything must be over before.
    var drainMs: UInt64 = 3_600_000

    static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    static let upgrade =
        "GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    /// A request that becomes a tunnel, through which the client sends four bytes.
    static var upgraded: ScenePlan {
        ScenePlan(sending: upgrade).with { plan in
            plan.origins = [
                {
                    $0.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n")
                    $0.send("Upgrade: websocket\r\n\r\ntunnelled")
                }
            ]
            plan.client.reads = {
                $0.send("more")
                $0.end()
            }
        }
    }

    init() {}

    /// - Parameter request: what the client sends when it comes.
    init(sending request: String) {
        client.begins = { $0.send(request) }
    }

    func with(_ change: (inout ScenePlan) -> Void) -> ScenePlan {
        var plan = self
        change(&plan)
        return plan
    }

    func description(_ endpoints: [Endpoint]) -> SiteDescription {
        let service: Service =
            if let tcp {
                .tcp(tcp, upstream: 0)
            } else if isRouteless {
                .http(http, trusted: [], routes: [])
            } else {
                .http(http, trusted: [], upstream: 0)
            }
        var site = SiteDescription(service, to: endpoints, upstream)
        site.listeners[0].limits = limits
        site.listeners[0].acceptsProxy = acceptsProxy
        return site
    }
}

/// What came of a scene.
struct SceneOutcome {
    let books: AccessBooks
    let failures: [String]
    /// Everything that was told to who watches all clients, oldest first.
    let events: [TraceEvent]
    let connections: [SimulatedConnection]
    let counters: CounterSet

    var records: [AccessRecord] { books.records }
}

enum ObservedScene {
    /// Plays a plan to its end.
    ///
    /// - Parameter watched: what is traced; `nil` for nothing.
    static func play(_ plan: ScenePlan, watched: TraceSubject? = nil) throws -> SceneOutcome {
        let sizes = WorkerConfiguration(flowsMax: 8, buffersMax: 256)
        let world = SimulatedWorld(
            seed: 3, socketsMax: Worker<SimulatedReactor>.socketsNeeded(for: sizes),
            buffersMax: 256)
        let startNs = world.nowNs
        var peer = PeerPlan()
        // Whole messages, at once.
        peer.pieceBytes = 65_536...65_536
        peer.readBytes = 65_536...65_536
        (peer.sendGapNs, peer.readGapNs) = (0...0, 0...0)
        let endpoints = plan.origins.enumerated().map { index, act in
            let manner = plan.manners?[index] ?? .accepts
            let address = world.addEndpoint(manner) { _ in
                peer
            } program: { _ in
                PlayedPeer(reads: act)
            }
            return Endpoint(id: UInt32(index), address: address, name: "e\(index)", host: "e")
        }
        let mailbox = try Mailbox()
        let books = AccessBooks()
        let (trace, filter) = (TraceRing(), TraceFilter())
        filter.set(watched)
        let published = PublishedCounters()
        var worker = Worker(
            reactor: SimulatedReactor(world: world), configuration: sizes,
            snapshot: try SiteSnapshot(plan.description(endpoints)),
            listeners: [WorkerListener(id: 0, descriptor: world.makeListener())],
            health: .allUsable(endpoints), mailbox: mailbox, published: published,
            metrics: books.metrics, access: books.ring, trace: trace, filter: filter)
        for ms in plan.arrivalsMs {
            world.addClient(
                peer, to: 0, atNs: startNs + ms * 1_000_000,
                program: PlayedPeer(begins: plan.client.begins, reads: plan.client.reads))
        }
        world.at(startNs + plan.drainMs * 1_000_000) { mailbox.post(.drain) }
        if let ms = plan.terminateMs {
            world.at(startNs + ms * 1_000_000) { mailbox.post(.terminate) }
        }
        var watch = TurnWatch(
            clients: plan.arrivalsMs.count, endNs: startNs + 2 * plan.drainMs * 1_000_000,
            world: world)
        while !worker.isFinished, watch.failure == nil {
            worker.turn()
            watch.look(world)
            books.look()
        }
        let endNs = world.nowNs
        _ = world.settle()
        books.close(
            listeners: 1, endpoints: endpoints.count, startNs: startNs, endNs: endNs)
        return SceneOutcome(
            books: books,
            failures: world.violations + (watch.failure.map { [$0] } ?? []) + books.failures,
            events: trace.take(atMost: .max), connections: world.connections,
            counters: published.snapshot())
    }
}
