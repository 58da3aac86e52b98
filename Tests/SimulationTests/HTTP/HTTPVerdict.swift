// Judges a run of the HTTP engine by the books of its world and its peers: every message that
// arrived was sent, whole and unaltered but for what a proxy has to write; what did not arrive has
// a reason in the plan; everything is given back.

import DataPlane
import Protocols
import TestSupport

final class HTTPVerdict {
    /// How late things may be for all the world's delays, and how early a deadline may seem.
    static let slackNs: UInt64 = 400_000_000

    private(set) var failures: [String] = []
    let world: SimulatedWorld
    let plan: HTTPRunPlan
    let ledger: HTTPLedger
    var marks = HTTPMarks()
    /// When the run began, and when each state of the site came into force, on the world's clock.
    let startNs: UInt64
    let appliedNs: [UInt64]
    let outages: EndpointWatch
    let counters: CounterSet

    init(
        world: SimulatedWorld, plan: HTTPRunPlan, ledger: HTTPLedger, counters: CounterSet,
        appliedNs: [UInt64], outages: EndpointWatch, books: AccessBooks
    ) {
        self.world = world
        self.plan = plan
        self.ledger = ledger
        self.appliedNs = appliedNs
        self.outages = outages
        self.counters = counters
        startNs = appliedNs[0]
        checkLate(world.settle())
        failures += world.violations + ledger.faults
        // Whatever follows would follow from these.
        guard failures.isEmpty else { return }
        checkEverythingIsBack()
        checkCounters(counters)
        for sighting in ledger.sightings { checkSighting(sighting) }
        for number in ledger.requests.keys.sorted() { checkRepetitions(of: number) }
        for client in ledger.clients where client.connection >= 0 { checkClient(client) }
        for sighting in ledger.sightings where sighting.tunnelPlan != nil { checkTunnel(sighting) }
        checkEnds()
        checkLimits()
        checkAccess(books)
        marks.count(counters)
    }

    func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition, failures.count < 20 { failures.append(message()) }
    }

    // MARK: Things

    private func checkLate(_ completions: [Completion]) {
        for completion in completions where completion.operation != .wake {
            expect(
                completion.operation == .close && completion.owner == .max,
                "the worker was finished before \(completion)")
        }
    }

    private func checkEverythingIsBack() {
        expect(world.socketsUsed == 0, "\(world.socketsUsed) sockets are not closed")
        expect(world.buffersUsed == 0, "\(world.buffersUsed) buffers are not back")
        expect(world.pipesUsed == 0, "\(world.pipesUsed) pipes are not back")
        expect(world.descriptorsUnadopted == 0, "an accepted descriptor was forgotten")
        for listener in world.listeners where listener.isAdded {
            expect(listener.isRemoved && listener.queue.isEmpty, "a listener is still open")
        }
    }

    private func checkCounters(_ counters: CounterSet) {
        expect(
            counters[.accepted] == UInt64(world.acceptedCount),
            "counted \(counters[.accepted]) accepted of \(world.acceptedCount)")
        for counter in [Counter.clientsActive, .upstreamsActive, .flowsActive] {
            expect(counters[counter] == 0, "\(counter) is \(counters[counter])")
        }
        let moved = counters[.bytesCopied] + counters[.bytesSpliced]
        let taken = UInt64(world.connections.reduce(0) { $0 + $1.taken })
        // A send that is cut counts nothing, or everything when it was a connection's last.
        let isCut = world.connections.contains { $0.isDead || $0.isPeerClosed }
        expect(moved <= taken || isCut, "counted \(moved) bytes of \(taken)")
        if !plan.mayStarve {
            expect(counters[.starvedWaits] == 0, "waited for a buffer")
        }
    }

    /// Every connection that was made has come to an end that its peer knows of.
    private func checkEnds() {
        for (number, connection) in world.connections.enumerated() where connection.isEstablished {
            let isDeaf = connection.program?.isDeaf == true
            expect(
                connection.isDead || connection.sawEnd || connection.isPeerClosed
                    || isDeaf && connection.isSocketClosed,
                "connection \(number) was left alone")
        }
    }

    // MARK: Origins

    /// What an origin got is what a client sent, as far as it came.
    private func checkSighting(_ sighting: Sighting) {
        guard let head = sighting.head, let number = sighting.number,
            let request = ledger.requests[number], let client = client(of: number)
        else { return }
        let place = "request \(number) at connection \(sighting.connection)"
        let line = try? head.requestLine()
        expect(
            line?.method == request.method && line?.target == request.originTarget,
            "\(place): '\(head.startLine)' for \(request.method) \(request.originTarget)")
        checkState(of: sighting, client, place)
        checkFields(head, sighting, request, client)
        expect(
            request.content.starts(with: sighting.body),
            "\(place): another body (\(sighting.body.count) of \(request.content.count))")
        let isWhole =
            sighting.body.count == request.content.count
            && sighting.trailers == request.body.trailers
        expect(
            !sighting.isComplete || isWhole && !request.isFlawed,
            "\(place): taken for whole with \(sighting.body.count) of"
                + " \(request.content.count) bytes, trailers \(sighting.trailers)")
        expect(
            request.flaw.map { $0.isInBody } ?? true,
            "\(place): was to be refused for '\(request.flaw?.description ?? "")'")
        let limit = plan.policy.bodyBytesMax.map { Int($0) } ?? .max
        if case .length(let length) = sighting.framing {
            expect(length <= limit, "\(place): a body of \(length) bytes")
        }
        expect(
            !sighting.isComplete || sighting.body.count <= limit,
            "\(place): a body of \(sighting.body.count) bytes")
    }

    private func checkFields(
        _ head: WireHead, _ sighting: Sighting, _ request: RequestPlan, _ client: ClientRecord
    ) {
        let connection = world.connections[client.connection]
        let endpoint = plan.name(ofEndpoint: sighting.endpoint)
        let state = state(of: sighting)
        let difference = ExpectedHead(
            request, from: connection.peerAddress, to: endpoint, plan, by: state
        ).difference(from: head)
        guard let difference else { return }
        // The address of a client that has gone can not be asked for.
        let gone = ExpectedHead(
            request, from: IPBytes(high: 0, low: 0), to: endpoint, plan, by: state
        ).difference(from: head)
        expect(
            connection.isDead && gone == nil,
            "request \(request.number) at connection \(sighting.connection): \(difference)")
    }

    func client(of number: Int) -> ClientRecord? {
        let position = (number - 1) / HTTPRunPlan.numbersPerClient
        return ledger.clients.indices.contains(position) ? ledger.clients[position] : nil
    }
}
