// A whole worker in the simulated world: turns, dispatch, engines, timers. There is no kernel, and
// what the simulator does itself is left out of the count by `Benchmarks/micro`.

import DataPlane
import TestSupport

/// Clients that each have a request under way, so that a turn has several things to do.
private let clients = 16

/// In no head, so that it is known where an answer ends: it comes in one piece.
private let lastByte = UInt8(ascii: "~")
private let answer = originResponse + Array(repeating: lastByte, count: 64)

/// Sends the next request when an answer is whole, so many times.
private final class Client: PeerProgram {
    private var requestsLeft: Int

    init(requests: Int) {
        requestsLeft = requests
    }

    func begin(_ peer: ProgramPeer) { request(peer) }

    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        if bytes.last == lastByte { request(peer) }
    }

    private func request(_ peer: ProgramPeer) {
        guard requestsLeft > 0 else { return peer.end() }
        requestsLeft -= 1
        peer.send(smallRequest)
    }

    func ended(_ peer: ProgramPeer) {
        precondition(requestsLeft == 0, "the proxy ended a client")
        peer.close()
    }

    func broken(_ peer: ProgramPeer) { preconditionFailure("the proxy reset a client") }
    func reached(_ mark: Int, _ peer: ProgramPeer) {}
    func alarm(_ number: Int, _ peer: ProgramPeer) {}
}

/// Answers each piece that it gets: a client has one request under way, so it is one request.
private final class Origin: PeerProgram {
    func begin(_ peer: ProgramPeer) {}
    func received(_ bytes: [UInt8], _ peer: ProgramPeer) { peer.send(answer) }
    func ended(_ peer: ProgramPeer) { peer.close() }
    func broken(_ peer: ProgramPeer) {}
    func reached(_ mark: Int, _ peer: ProgramPeer) {}
    func alarm(_ number: Int, _ peer: ProgramPeer) {}
}

let workerCases = [
    Case("turns-per-16-tcp-requests") { serve(.tcp(TCPPolicy(), upstream: 0), times: $0) },
    Case("turns-per-16-http-requests") {
        serve(.http(HTTPPolicy(), trusted: [], upstream: 0), times: $0)
    },
]

/// Has every client's requests served by one worker.
private func serve(_ service: Service, times: Int) {
    let sizes = WorkerConfiguration(flowsMax: 64, buffersMax: 256)
    let world = SimulatedWorld(
        seed: 1, socketsMax: Worker<SimulatedReactor>.socketsNeeded(for: sizes), buffersMax: 256)
    // Pieces and gaps as they come: whole messages, none.
    var plan = PeerPlan()
    plan.pieceBytes = 65_536...65_536
    plan.readBytes = 65_536...65_536
    plan.sendGapNs = 0...0
    plan.readGapNs = 0...0
    plan.ending = .closeAfterEnd
    let origin = plan
    let address = world.addEndpoint(.accepts) { _ in
        origin
    } program: { _ in
        Origin()
    }
    let endpoint = Endpoint(id: 0, address: address, name: "origin", host: "origin")
    let site = SiteDescription(service, to: [endpoint], UpstreamPolicy())
    guard let mailbox = try? Mailbox(), let snapshot = try? SiteSnapshot(site) else {
        preconditionFailure("there is no descriptor left")
    }
    let published = PublishedCounters()
    var worker = Worker(
        reactor: SimulatedReactor(world: world), configuration: sizes,
        snapshot: snapshot,
        listeners: [WorkerListener(id: 0, descriptor: world.makeListener())],
        health: .allUsable([endpoint]), mailbox: mailbox,
        published: published)
    for _ in 0..<clients {
        world.addClient(plan, to: 0, atNs: world.nowNs, program: Client(requests: times))
    }
    while !world.connections.allSatisfy({ !$0.isClient || $0.endedNs != nil }) { worker.turn() }
    precondition(world.violations.isEmpty)
    keep(published.snapshot())
}
