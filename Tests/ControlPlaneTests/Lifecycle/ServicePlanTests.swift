// From options and a machine to what each worker is told.

import DataPlane
import Protocols
import Testing

@testable import ControlPlane

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

    private func plan(
        _ host: HostFacts, servesHTTP: Bool = false,
        _ change: (inout Configuration.Process) -> Void = { _ in }
    ) throws -> ServicePlan {
        var process = Configuration.Process()
        process.admin = .off
        change(&process)
        return try ServicePlan(process, servesHTTP: servesHTTP, host: host, choice: choice)
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
            $0.connectionsMax = 5
            $0.pinsWorkers = false
        }
        for worker in plan.workers {
            #expect(worker.processor == nil)
            #expect(worker.pipesMax == 16)
        }
        #expect(plan.workers.map(\.flowsMax) == [3, 2])
    }

    @Test(arguments: [(0, 0), (1, 655), (10, 6_554), (50, 32_768), (100, 65_536)])
    func theSampleIsThatOfTheAccessLog(percent: Int, accessSample: UInt32) throws {
        let sampled = try plan(host(processors: [0])) {
            $0.log.access = Configuration.AccessLog()
            $0.log.access?.samplePercent = percent
        }
        #expect(sampled.workers[0].accessSample == accessSample)
    }

    /// Messages tell the address behind a name; a Host field must not.
    @Test func endpointsAreNamedForPeopleAndForOrigins() throws {
        var upstream = Configuration.Upstream()
        upstream.endpoints = [Configuration.Endpoint(.host("localhost", port: 9))]
        var configuration = Configuration()
        configuration.upstreams = [upstream]
        let names = try EndpointSource.names(configuration, NameServers())
        let endpoints = try EndpointSource.resolve(configuration, names)[0]
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
        }
        let few = try plan(machine) {
            $0.usesDirectDescriptors = true
            $0.connectionsMax = 60_000
            $0.workers = 2
        }
        #expect(few.shares.connections == 2 * 8_686)
        #expect(few.warnings.count == 1)
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
