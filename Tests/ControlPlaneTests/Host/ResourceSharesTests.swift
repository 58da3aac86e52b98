// Shares: exact sums, both ends of every limit, and limits too small to start with.

import ControlPlane
import Testing

@Suite struct ResourceSharesTests {
    @Test(arguments: [(1, 1), (10, 3), (7, 7), (1000, 16), (1 << 20, 3)])
    func flowsAddUpExactly(connections: Int, workers: Int) throws {
        let shares = try #require(
            ResourceShares(workers: workers, connections: connections, descriptors: 1 << 22))
        let flows = (0..<shares.workers).map { shares.flows(ofWorker: $0) }
        #expect(flows.reduce(0, +) == connections)
        #expect(try #require(flows.max()) - (try #require(flows.min())) <= 1)
        #expect(flows == flows.sorted(by: >))
    }

    @Test func fewerConnectionsThanWorkersMeansFewerWorkers() throws {
        let shares = try #require(
            ResourceShares(workers: 8, connections: 3, descriptors: 20_000))
        #expect(shares.workers == 3)
        #expect((0..<3).map { shares.flows(ofWorker: $0) } == [1, 1, 1])
    }

    @Test func defaultLeavesRoomForEverythingElse() throws {
        // 64 of the process, per worker 16 and two for each of 16 pipes, two for each flow.
        #expect(ResourceShares.connectionsAllowed(workers: 1, descriptors: 1024) == 456)
        #expect(ResourceShares.connectionsAllowed(workers: 2, descriptors: 1024) == 432)
        let shares = try #require(
            ResourceShares(workers: 2, connections: nil, descriptors: 1024))
        #expect(shares.connections == 432)
    }

    @Test func unlimitedDescriptorsAreStillBounded() {
        let allowed = ResourceShares.connectionsAllowed(workers: 4, descriptors: .max)
        #expect(allowed == ResourceShares.connectionsMax)
    }

    @Test func tooFewDescriptorsAreRefused() {
        #expect(ResourceShares.connectionsAllowed(workers: 4, descriptors: 10) == 0)
        #expect(ResourceShares(workers: 1, connections: nil, descriptors: 113) == nil)
        #expect(ResourceShares(workers: 1, connections: nil, descriptors: 114)?.connections == 1)
    }

    @Test(arguments: [(1, 16), (2, 16), (3, 16), (4, 12), (24, 2), (25, 2), (1024, 2)])
    func pipesStayInTheUsersBudget(workers: Int, pipes: Int) {
        #expect(ResourceShares.pipes(workers: workers) == pipes)
    }

    @Test(
        arguments: [
            (1 << 20, 1, 256), (1 << 30, 1, 16_384), (1 << 30, 4, 4_096), (1 << 40, 2, 65_536),
        ] as [(UInt64, Int, Int)])
    func buffersAreAQuarterOfTheMemory(memory: UInt64, workers: Int, buffers: Int) throws {
        let shares = try #require(
            ResourceShares(workers: workers, connections: nil, descriptors: 20_000))
        #expect(shares.buffers(memoryBytes: memory, bufferBytes: 16_384) == buffers)
    }
}
