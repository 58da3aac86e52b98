// What is told to who watches: the life of an exchange or a flow, step by step, and nothing of
// anybody else's.

import Protocols
import TestSupport
import Testing

@testable import DataPlane

@Suite struct TraceSceneTests {
    private static let everyone = ["0.0.0.0/0", "::/0"].compactMap { try? IPBlock(parsing: $0) }

    /// Plays a plan twice, for clients of both families: those that there are are watched.
    private static func events(
        _ plan: ScenePlan, _ isWatched: (TraceEvent) -> Bool = { _ in true }
    ) throws -> [TraceEvent] {
        var events: [TraceEvent] = []
        for block in Self.everyone {
            let outcome = try ObservedScene.play(plan, watched: .client(block))
            #expect(outcome.failures.isEmpty, "\(outcome.failures)")
            let isSeen = outcome.connections.contains {
                $0.isClient && block.contains($0.peerAddress)
            }
            #expect(outcome.events.isEmpty != isSeen)
            events += outcome.events
        }
        return events.filter(isWatched)
    }

    private static func kinds(_ events: [TraceEvent]) -> [TraceEvent.Kind] { events.map(\.kind) }

    private static func text(_ event: TraceEvent) -> String {
        String(decoding: (0..<Int(event.textCount)).map { event.text[$0] }, as: UTF8.self)
    }

    private static let answered: [TraceEvent.Kind] = [.sent, .firstByte, .response, .ended]

    @Test func anExchangeIsShownStepByStep() throws {
        let events = try Self.events(ScenePlan(sending: ScenePlan.get))
        #expect(
            Self.kinds(events) == [.accepted, .head, .chosen, .connected] + Self.answered
                + [.closed])
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.atNs <= $1.atNs })
        #expect(Set(events.map(\.connection)) == [1])
        let head = try #require(events.first { $0.kind == .head })
        #expect(Self.text(head) == "GET /a" && head.id == MetricLimits.otherRoutes)
        let end = try #require(events.first { $0.kind == .ended })
        #expect(end.code == 200 && end.end == .done && end.value > 5)
        #expect(events.first { $0.kind == .response }?.code == 200)
        #expect(events.first { $0.kind == .chosen }?.id == 0)
    }

    @Test func theSecondOneOnTheSameConnectionsIsReused() throws {
        let plan = ScenePlan(sending: ScenePlan.get + ScenePlan.get).with { plan in
            plan.upstream.pipelineMax = 0
            plan.origins = [
                {
                    $0.send(ScenePlan.answer)
                    $0.pause(ns: 1_000_000)
                    $0.send(ScenePlan.answer)
                }
            ]
        }
        let kinds = Self.kinds(try Self.events(plan))
        let second: [TraceEvent.Kind] = [.head, .chosen, .reused]
        #expect(kinds.count { $0 == .head } == 2)
        #expect(
            kinds == [.accepted, .head, .chosen, .connected] + Self.answered + second
                + Self.answered + [.closed])
    }

    @Test func whoStandsInLineIsShown() throws {
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
        let events = try Self.events(plan) { $0.connection == 2 }
        let kinds = Self.kinds(events).filter { $0 != .accepted && $0 != .closed }
        #expect(kinds.starts(with: [.head, .chosen, .queued, .unqueued]))
        #expect(kinds.suffix(5) == [.connected] + Self.answered)
    }

    @Test func failuresAreShown() throws {
        let refused = try Self.events(
            ScenePlan(sending: ScenePlan.get).with { $0.manners = [.fails(111)] })
        #expect(
            Self.kinds(refused) == [.accepted, .head, .chosen, .connectFailed, .ended, .closed])
        #expect(refused.first { $0.kind == .connectFailed }?.code == 111)
        #expect(refused.first { $0.kind == .ended }?.end == .connectFailed)
        let late = try Self.events(
            ScenePlan(sending: ScenePlan.get).with { $0.manners = [.hangs] })
        #expect(late.first { $0.kind == .connectFailed }?.code == 0)
        #expect(late.first { $0.kind == .ended }?.end == .connectTimeout)
        let moved = try Self.events(
            ScenePlan(sending: ScenePlan.get).with { plan in
                plan.origins = [{ $0.reset() }, { $0.send(ScenePlan.answer) }]
                plan.upstream.retries.budgetPercent = 100
            })
        #expect(
            Self.kinds(moved) == [
                .accepted, .head, .chosen, .connected, .sent, .chosen, .retried, .connected,
            ] + Self.answered + [.closed])
        #expect(moved.filter { $0.kind == .chosen }.map(\.id) == [0, 1])
        #expect(moved.filter { $0.kind == .chosen }.map(\.code) == [1, 2])
    }

    @Test func flowsAreShown() throws {
        let plan = ScenePlan(sending: "ping").with { plan in
            plan.tcp = TCPPolicy()
            plan.origins = [{ $0.send("pong!") }]
            plan.client.reads = { $0.end() }
        }
        let events = try Self.events(plan)
        #expect(Self.kinds(events) == [.accepted, .chosen, .connected, .ended, .closed])
        let end = try #require(events.first { $0.kind == .ended })
        #expect(end.end == .done && end.value == 5)
    }

    /// As long as the exchange, and then as long as the tunnel.
    @Test func tunnelsAreShown() throws {
        let events = try Self.events(.upgraded)
        #expect(
            Self.kinds(events) == [.accepted, .head, .chosen, .connected] + Self.answered
                + [.ended, .closed])
        #expect(events.filter { $0.kind == .ended }.map(\.end) == [.upgraded, .done])
    }

    /// A route's requests, without their clients' comings and goings.
    @Test func aRouteIsShown() throws {
        let plan = ScenePlan(sending: ScenePlan.get)
        let outcome = try ObservedScene.play(plan, watched: .route(MetricLimits.otherRoutes))
        #expect(
            Self.kinds(outcome.events) == [.head, .chosen, .connected] + Self.answered)
        let routeless = plan.with { $0.isRouteless = true }
        let none = TraceSubject.route(MetricLimits.noRoute(ofListener: 0))
        #expect(
            Self.kinds(try ObservedScene.play(routeless, watched: none).events) == [.head, .ended])
    }

    @Test func nobodyElseIsShown() throws {
        let plan = ScenePlan(sending: ScenePlan.get)
        let elsewhere = TraceSubject.client(try IPBlock(parsing: "192.0.2.1"))
        for subject in [nil, elsewhere, TraceSubject.route(5)] {
            let outcome = try ObservedScene.play(plan, watched: subject)
            #expect(outcome.events.isEmpty && outcome.records.count == 1)
        }
    }
}
