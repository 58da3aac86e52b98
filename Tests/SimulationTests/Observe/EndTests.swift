// Every way in which exchanges and flows end is told once, with its word, its status and its bytes.

import Protocols
import TestSupport
import Testing

@testable import DataPlane

/// How something ends, and what is told of it.
struct PlannedEnd: Sendable, CustomTestStringConvertible {
    let end: EndReason
    let status: UInt16
    let plan: ScenePlan
    /// Whether a request was begun, so that it has an upstream or at least a method.
    var isBegun = true

    init(
        _ end: EndReason, _ status: UInt16, isBegun: Bool = true, _ plan: ScenePlan,
        _ change: (inout ScenePlan) -> Void = { _ in }
    ) {
        (self.end, self.status, self.isBegun) = (end, status, isBegun)
        self.plan = plan.with(change)
    }

    /// Without an answer.
    init(
        _ end: EndReason, isBegun: Bool = true, _ plan: ScenePlan,
        _ change: (inout ScenePlan) -> Void = { _ in }
    ) {
        self.init(end, 0, isBegun: isBegun, plan, change)
    }

    var testDescription: String { "\(end.word) \(status)" }
}

extension PlannedEnd {
    private static let get = ScenePlan(sending: ScenePlan.get)
    private static let halfPost = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345"
    private static let halfAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"

    private static func sending(_ text: String, then act: @escaping PlayedPeer.Act) -> ScenePlan {
        var plan = ScenePlan()
        plan.client.begins = {
            $0.send(text)
            act($0)
        }
        return plan
    }

    static let ofClients: [PlannedEnd] = [
        PlannedEnd(.done, 200, get),
        PlannedEnd(.done, 200, sending(ScenePlan.get) { $0.end() }),
        PlannedEnd(.noRoute, 404, get) { $0.isRouteless = true },
        PlannedEnd(.badRequest, 400, isBegun: false, ScenePlan(sending: "nonsense\r\n\r\n")),
        PlannedEnd(
            .tooLarge, 431, isBegun: false,
            ScenePlan(
                sending: "GET / HTTP/1.1\r\nHost: a\r\nA: "
                    + String(repeating: "a", count: 40_000))),
        PlannedEnd(
            .methodRefused, 405,
            ScenePlan(sending: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")),
        PlannedEnd(.headTimeout, 408, isBegun: false, ScenePlan(sending: "GET / HT")),
        PlannedEnd(.clientClosed, isBegun: false, sending("GET / HT") { $0.end() }),
        PlannedEnd(.clientClosed, isBegun: false, sending("GET / HT") { $0.close() }),
        PlannedEnd(
            .clientClosed, isBegun: false,
            sending("GET / HT") {
                $0.pause(ns: 1_000_000)
                $0.reset()
            }),
        PlannedEnd(.stopped, isBegun: false, ScenePlan(sending: "GET / HT")) {
            $0.terminateMs = 5
        },
        PlannedEnd(.clientClosed, sending(halfPost) { $0.close() }) { $0.origins = [{ _ in }] },
        PlannedEnd(
            .clientClosed,
            sending(halfPost) {
                $0.pause(ns: 1_000_000)
                $0.reset()
            }
        ) { $0.origins = [{ _ in }] },
        PlannedEnd(.bodyTimeout, 408, ScenePlan(sending: halfPost)) { $0.origins = [{ _ in }] },
        PlannedEnd(.tooLarge, 413, ScenePlan(sending: halfPost)) { $0.http.bodyBytesMax = 5 },
        PlannedEnd(
            .badRequest, 400,
            ScenePlan(
                sending: "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")),
        PlannedEnd(.clientClosed, 200, get) {
            $0.origins = [{ $0.send(halfAnswer) }]
            $0.client.reads = { $0.reset() }
        },
        PlannedEnd(.clientStalled, 200, get) {
            let body = String(repeating: "x", count: 4_000_000)
            $0.origins = [{ $0.send("HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n\(body)") }]
            $0.client.begins = {
                $0.stopReading()
                $0.send(ScenePlan.get)
            }
        },
        PlannedEnd(.badProxyHeader, isBegun: false, get) { $0.acceptsProxy.from = everyone },
        PlannedEnd(.proxyHeaderTimeout, isBegun: false, ScenePlan(sending: "PROXY TCP")) {
            $0.acceptsProxy.from = everyone
        },
    ]

    static let ofUpstreams: [PlannedEnd] = [
        PlannedEnd(.upstreamReset, 502, get) { $0.origins = [{ $0.reset() }] },
        PlannedEnd(.upstreamReset, 502, get) { $0.origins = [{ $0.close() }] },
        PlannedEnd(.upstreamReset, 200, get) {
            $0.origins = [
                {
                    $0.send(halfAnswer)
                    $0.pause(ns: 1_000_000)
                    $0.reset()
                }
            ]
        },
        PlannedEnd(.upstreamStalled, 200, get) { $0.origins = [{ $0.send(halfAnswer) }] },
        PlannedEnd(.badResponse, 502, get) { $0.origins = [{ $0.send("nonsense\r\n\r\n") }] },
        PlannedEnd(.responseTimeout, 504, get) { $0.origins = [{ _ in }] },
        PlannedEnd(.connectFailed, 502, get) { $0.manners = [.fails(111)] },
        PlannedEnd(.connectTimeout, 504, get) { $0.manners = [.hangs] },
        PlannedEnd(.stopped, get) {
            $0.origins = [{ _ in }]
            $0.terminateMs = 5
        },
        PlannedEnd(.done, 200, get) {
            $0.origins = [
                {
                    $0.send("HTTP/1.0 200 OK\r\n\r\nhello")
                    $0.close()
                }
            ]
        },
    ]

    static var everyone: [IPBlock] {
        ["0.0.0.0/0", "::/0"].compactMap { try? IPBlock(parsing: $0) }
    }

    /// Two peers that have a flow between them: the client sends, the origin answers.
    static var flow: ScenePlan {
        ScenePlan(sending: "ping").with { plan in
            plan.tcp = TCPPolicy()
            plan.tcp?.idleTimeoutMs = 10_000
            plan.origins = [{ $0.send("pong!") }]
        }
    }

    static let ofFlows: [PlannedEnd] = [
        PlannedEnd(.done, flow) { plan in
            plan.client.reads = { $0.end() }
        },
        PlannedEnd(.clientClosed, flow) { $0.client.reads = { $0.reset() } },
        PlannedEnd(.upstreamReset, flow) { $0.origins = [{ $0.reset() }] },
        PlannedEnd(.idleTimeout, flow),
        PlannedEnd(.stopped, flow) { $0.terminateMs = 5 },
        PlannedEnd(.connectFailed, flow) { $0.manners = [.fails(111)] },
        PlannedEnd(.connectTimeout, flow) { $0.manners = [.hangs] },
        PlannedEnd(.badProxyHeader, flow) { $0.acceptsProxy.from = everyone },
        PlannedEnd(.proxyHeaderTimeout, flow) {
            $0.acceptsProxy.from = everyone
            $0.client.begins = { $0.send("PROXY TCP") }
        },
    ]
}

@Suite struct EndTests {
    @Test(arguments: PlannedEnd.ofClients + PlannedEnd.ofUpstreams)
    func anExchangeIsToldOnce(planned: PlannedEnd) throws {
        let outcome = try ObservedScene.play(planned.plan)
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        #expect(outcome.records.count == 1)
        let record = try #require(outcome.records.first)
        #expect(record.kind == .exchange && record.end == planned.end)
        #expect(record.status == planned.status)
        #expect(AccessBooks.isBegun(record) == planned.isBegun)
        let client = outcome.connections[0]
        // After a reset nobody can say where a client was that was not asked before.
        #expect(
            record.client == client.peerAddress
                || client.resetNs != nil && record.client == IPBytes(high: 0, low: 0))
        #expect(record.connection == 1 && record.queueNs == AccessRecord.noTime)
        // What is refused is not taken to its end.
        let isRefused = planned.end == .tooLarge || planned.end == .badRequest
        #expect(record.bytesIn == client.read || isRefused && record.bytesIn < client.read)
        if planned.end != .clientStalled { #expect(record.bytesOut == client.taken) }
        #expect((record.status > 0) == (record.bytesOut > 0))
        let hasAnswer = planned.status == 200 || planned.end == .badResponse
        #expect((record.firstByteNs != AccessRecord.noTime) == hasAnswer)
        // Its answer may have been whole for the client before.
        #expect(record.bodyBytesOut < max(record.bytesOut, 1))
    }

    @Test(arguments: PlannedEnd.ofFlows)
    func aFlowIsToldOnce(planned: PlannedEnd) throws {
        let outcome = try ObservedScene.play(planned.plan)
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        #expect(outcome.records.count == 1)
        let record = try #require(outcome.records.first)
        #expect(record.kind == .flow && record.end == planned.end)
        #expect(record.client == outcome.connections[0].peerAddress)
        #expect(record.route == .max && record.status == 0 && record.connection == 1)
        #expect(record.bytesOut == outcome.connections[0].taken)
        if outcome.connections.count > 1 {
            #expect(record.bytesIn == outcome.connections[1].taken)
        }
    }

    /// The exchange ends where the tunnel begins.
    @Test func aTunnelIsToldApart() throws {
        let outcome = try ObservedScene.play(.upgraded)
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        #expect(outcome.records.map(\.kind) == [.exchange, .tunnel])
        #expect(outcome.records.map(\.end) == [.upgraded, .done])
        #expect(outcome.records.map(\.status) == [101, 0])
        #expect(outcome.records.map(\.bytesIn) == [UInt64(ScenePlan.upgrade.utf8.count), 4])
        #expect(outcome.records.reduce(0) { $0 + $1.bytesOut } == outcome.connections[0].taken)
        #expect(Set(outcome.records.map(\.client)) == [outcome.connections[0].peerAddress])
        #expect(Set(outcome.records.map(\.endpoint)) == [0])
        #expect(Set(outcome.records.map(\.connection)) == [1])
    }

    static let away: [(EndReason, UInt16)] = [
        (.pendingTimeout, 503), (.upstreamFull, 503), (.rateLimited, 429),
        (.tooManyConnections, 503),
    ]

    /// The first client has what there is for as long as it is there; the second one comes later.
    @Test(arguments: away)
    func theSecondIsSentAway(end: EndReason, status: UInt16) throws {
        let plan = ScenePlan(sending: ScenePlan.get).with { plan in
            plan.origins = [
                {
                    $0.pause(ns: 20_000_000_000)
                    $0.send(ScenePlan.answer)
                }
            ]
            plan.arrivalsMs = [0, 100]
            plan.limits.requests = nil
            switch end {
            case .pendingTimeout: (plan.upstream.connectionsMax, plan.upstream.pendingMs) = (1, 900)
            case .upstreamFull: (plan.upstream.connectionsMax, plan.upstream.pendingMax) = (1, 0)
            case .tooManyConnections: plan.limits.clientsMax = 1
            default:
                // Sources are clients here, and each of these asks twice.
                plan.limits.requests = SourceRate(1, perMs: 3_600_000, burst: 1)
                plan.arrivalsMs = [0]
                plan.client.begins = { $0.send(ScenePlan.get + ScenePlan.get) }
            }
        }
        let outcome = try ObservedScene.play(plan)
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        #expect(outcome.records.count == 2)
        let away = try #require(outcome.records.first { $0.end == end })
        #expect(away.status == status && away.tries == 0)
        #expect(away.connectNs == AccessRecord.noTime && away.firstByteNs == AccessRecord.noTime)
        if end == .pendingTimeout {
            #expect((899_000_000...901_000_000).contains(away.queueNs))
            // Standing in line is Gyre's own share.
            #expect(away.ownNs >= away.queueNs)
        } else {
            #expect(away.queueNs == AccessRecord.noTime)
        }
        let served = try #require(outcome.records.first { $0.end == .done })
        #expect(served.status == 200 && served.tries == 1 && served.queueNs == AccessRecord.noTime)
        #expect(served.firstByteNs >= 20_000_000_000 && served.ownNs < 1_000_000_000)
        #expect(outcome.books.metrics.histogram(.queue).count == (end == .pendingTimeout ? 1 : 0))
    }

    /// The same with flows, which have no answer that would say so.
    @Test(arguments: [EndReason.pendingTimeout, .upstreamFull])
    func theSecondFlowIsSentAway(end: EndReason) throws {
        let plan = PlannedEnd.flow.with { plan in
            plan.arrivalsMs = [0, 100]
            plan.upstream.connectionsMax = 1
            if end == .upstreamFull { plan.upstream.pendingMax = 0 }
            plan.upstream.pendingMs = 900
        }
        let outcome = try ObservedScene.play(plan)
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        #expect(outcome.records.map(\.end) == [end, .idleTimeout])
        let away = try #require(outcome.records.first)
        #expect(away.bytesOut == 0 && away.bytesIn == 0 && away.tries == 0)
        if end == .pendingTimeout {
            #expect((899_000_000...901_000_000).contains(away.queueNs))
        } else {
            #expect(away.queueNs == AccessRecord.noTime)
        }
    }

    /// Who gets a place in the end was in line for as long as it took.
    @Test func theLineIsTimed() throws {
        let plan = ScenePlan(sending: ScenePlan.get).with { plan in
            plan.origins = [
                {
                    $0.pause(ns: 2_000_000_000)
                    $0.send(ScenePlan.answer)
                    $0.close()
                }
            ]
            plan.arrivalsMs = [0, 500]
            plan.upstream.connectionsMax = 1
        }
        let outcome = try ObservedScene.play(plan)
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        #expect(outcome.records.map(\.end) == [.done, .done])
        let second = try #require(outcome.records.last)
        #expect((1_500_000_000...1_600_000_000).contains(second.queueNs))
        #expect((3_500_000_000...3_600_000_000).contains(second.totalNs))
    }

    /// Tried at an endpoint that resets it, served by another one.
    @Test func aRetryIsCountedAtBothEndpoints() throws {
        let plan = ScenePlan(sending: ScenePlan.get).with { plan in
            plan.origins = [{ $0.reset() }, { $0.send(ScenePlan.answer) }]
            plan.upstream.retries.budgetPercent = 100
        }
        let outcome = try ObservedScene.play(plan)
        #expect(outcome.failures.isEmpty, "\(outcome.failures)")
        let record = try #require(outcome.records.first)
        #expect(outcome.records.count == 1 && record.end == .done && record.status == 200)
        let metrics = outcome.books.metrics
        let isMoved = record.tries == 2
        #expect(isMoved == (metrics.value(.resets, ofEndpoint: 0) == 1))
        #expect(metrics.requests(ofEndpoint: record.endpoint, .success) == 1)
        #expect(metrics.requests(ofEndpoint: 0, .none) == (isMoved ? 1 : 0))
        #expect(metrics.value(.retries, ofEndpoint: 1) == (isMoved ? 1 : 0))
        #expect(isMoved && record.endpoint == 1)
    }

    /// Nobody asked for anything: there is nothing to tell.
    @Test func idleConnectionsAreNotTold() throws {
        for act: PlayedPeer.Act in [{ $0.end() }, { $0.reset() }, { _ in }] {
            let outcome = try ObservedScene.play(ScenePlan().with { $0.client.begins = act })
            #expect(outcome.failures.isEmpty, "\(outcome.failures)")
            #expect(outcome.records.isEmpty)
            #expect(outcome.counters[.accepted] == 1)
        }
    }
}
