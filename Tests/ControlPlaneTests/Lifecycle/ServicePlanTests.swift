// From options and a machine to what each worker is told.

import ControlPlane
import DataPlane
import Protocols
import Testing

@Suite struct ServicePlanTests {
    private let choice = BackendChoice(backend: .epoll, reason: "asked for", isFallback: false)

    private func host(processors: [Int], quota: Int? = nil, descriptors: UInt64 = 20_000)
        -> HostFacts
    {
        HostFacts(
            kernelRelease: "6.1.0", processors: processors, processorQuota: quota,
            memoryBytes: 1 << 30,
            descriptors: HostFacts.Limit(soft: descriptors, hard: descriptors),
            lockedMemory: HostFacts.Limit(soft: 0, hard: 0), listenQueueMax: 4096)
    }

    private func plan(_ host: HostFacts, _ change: (inout ServiceOptions) -> Void = { _ in })
        throws -> ServicePlan
    {
        var options = ServiceOptions(
            listen: [.anyHost(port: 1)], upstream: [.host("127.0.0.1", port: 2)])
        change(&options)
        let endpoints = try options.upstream.flatMap { try HostResolver.endpoints($0) }
        return try ServicePlan(options, host: host, choice: choice, endpoints: endpoints)
    }

    @Test func oneWorkerPerAllowedProcessor() throws {
        let plan = try plan(host(processors: [2, 3, 7]))
        #expect(plan.workers.map(\.index) == [0, 1, 2])
        #expect(plan.workers.map(\.processor) == [2, 3, 7])
        #expect(plan.warnings.isEmpty)
    }

    @Test func theQuotaLimitsTheDefaultOnly() throws {
        let limited = host(processors: [0, 1, 2, 3], quota: 2)
        #expect(try plan(limited).workers.count == 2)
        #expect(
            try plan(limited) { $0.workers = 6 }.workers.map(\.processor) == [0, 1, 2, 3, 0, 1])
    }

    @Test func optionsReachEveryWorker() throws {
        let plan = try plan(host(processors: [0, 1])) {
            $0.relay = .splice
            $0.connectTimeoutMs = 7
            $0.idleTimeoutMs = 8
            $0.connectionsMax = 5
            $0.pinsWorkers = false
        }
        for worker in plan.workers {
            #expect(worker.relay == .splice)
            #expect(worker.connectTimeoutMs == 7)
            #expect(worker.idleTimeoutMs == 8)
            #expect(worker.processor == nil)
            #expect(worker.pipesMax == 16)
            #expect(worker.endpoints.map(\.name) == ["127.0.0.1:2"])
        }
        #expect(plan.workers.map(\.flowsMax) == [3, 2])
    }

    @Test func theServiceReachesEveryWorker() throws {
        for worker in try plan(host(processors: [0, 1])).workers {
            guard case .tcp = worker.service else {
                Issue.record("not a forwarder by default")
                return
            }
        }
        var policy = HTTPPolicy()
        policy.requestsMax = 7
        let plan = try plan(host(processors: [0, 1])) { $0.service = .http(policy) }
        #expect(plan.workers.count == 2)
        for worker in plan.workers {
            guard case .http(let policy) = worker.service else {
                Issue.record("not a proxy")
                return
            }
            #expect(policy.requestsMax == 7)
        }
    }

    /// Messages tell the address behind a name; a Host field must not.
    @Test func endpointsAreNamedForPeopleAndForOrigins() throws {
        let endpoints = try HostResolver.endpoints(.host("localhost", port: 9))
        #expect(endpoints.contains { $0.name == "localhost:9 (127.0.0.1:9)" })
        #expect(endpoints.allSatisfy { $0.host == "localhost:9" })
    }

    @Test func directDescriptorsMultiplyTheLimit() throws {
        let machine = host(processors: [0, 1])
        let usual = try plan(machine)
        #expect(usual.workers.allSatisfy { $0.filesMax == nil && $0.upstreamsMax == $0.flowsMax })
        #expect(usual.room.contains("room for \(usual.shares.connections) connections"))
        let direct = try plan(machine) {
            $0.usesDirectDescriptors = true
            $0.connectionsMax = 60_000
        }
        #expect(direct.workers.count == 7)
        #expect(direct.shares.connections == 60_000)
        #expect(direct.room.contains("room for 60000 connections"))
        for worker in direct.workers {
            #expect(try #require(worker.filesMax) > 2 * worker.flowsMax)
            #expect(worker.relay == .auto)
        }
        let few = try plan(machine) {
            $0.usesDirectDescriptors = true
            $0.connectionsMax = 60_000
            $0.workers = 2
        }
        #expect(few.shares.connections == 2 * 8_686)
        #expect(few.warnings.count == 1)
    }

    /// splice(2) cannot name a direct descriptor.
    @Test func bodiesOfDirectDescriptorsAreCopied() throws {
        let plan = try plan(host(processors: [0])) {
            $0.usesDirectDescriptors = true
            $0.service = .http(HTTPPolicy())
        }
        #expect(plan.workers.map(\.relay) == [.copy])
    }

    @Test func whatDoesNotFitIsSaid() throws {
        let small = host(processors: [0, 1], descriptors: 1024)
        #expect(try plan(small) { $0.connectionsMax = 433 }.warnings.count == 1)
        #expect(try plan(small) { $0.connectionsMax = 433 }.shares.connections == 432)
        #expect(try plan(small) { $0.connectionsMax = 432 }.warnings.isEmpty)
        #expect(try plan(small) { $0.connectionsMax = 1 }.warnings.count == 1)
        #expect(throws: StartError.self) { try plan(host(processors: [0], descriptors: 64)) }
    }
}
