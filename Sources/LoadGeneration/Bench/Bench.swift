// A comparison of the backends from start to end: the origin, and for each measurement a proxy of
// its own, so that none has what another one left. The calling thread is the clients.

internal import CLinux
internal import ControlPlane
internal import DataPlane
internal import Protocols

/// Runs a bench.
package struct Bench {
    /// Of the built-in origin's answers.
    private static let bodyBytes = 64
    private static let failuresMax: UInt64 = 100
    /// For caches, and for connections to the endpoint.
    private static let warmUpMs: ClosedRange<UInt64> = 50...500
    /// Everything but clients.
    private static let descriptorsReserved = 64

    private let options: BenchOptions
    private let signals: SignalSource
    private let placement: Placement
    private let kernelRelease: String
    private let loadAverage: String
    /// Told while it runs.
    private let onProgress: (String) -> Void

    /// Looks at the machine.
    ///
    /// - Parameter onProgress: called before each measurement with what is about to be measured.
    package init(
        _ options: BenchOptions, onProgress: @escaping (String) -> Void
    ) throws(BenchStop) {
        precondition(!options.connections.isEmpty && options.rounds > 0)
        let host: HostFacts
        do throws(SystemError) {
            signals = try SignalSource()
            host = try HostFacts.gather()
        } catch {
            throw .failed("cannot ask the kernel for the limits of this process: \(error)")
        }
        let clients = options.connections.max() ?? 0
        let needed = 2 * clients + Self.descriptorsReserved
        guard needed <= host.descriptors.soft else {
            throw .failed(
                "\(clients) connections need \(needed) descriptors, the limit is"
                    + " \(host.descriptors.soft)")
        }
        self.options = options
        self.onProgress = onProgress
        placement = Placement(processors: host.processors)
        kernelRelease = host.kernelRelease
        let averages = SystemFile.read("/proc/loadavg") ?? ""
        loadAverage = String(averages.prefix { $0 != " " })
    }

    /// Measures.
    ///
    /// - Parameter onFallback: called with the reason when io_uring cannot be measured and epoll is
    ///   measured alone.
    package func run(onFallback: (String) -> Void) throws(BenchStop) -> BenchReport {
        let (backends, ringFailure) = try choose()
        if let ringFailure { onFallback(ringFailure) }
        guard gyre_thread_pin(Int32(placement.load)) == 0 else {
            throw .failed("cannot run on processor \(placement.load)")
        }
        guard let target = options.target else {
            let origin = try startOrigin()
            defer { origin.stop() }
            let expected = Expectation(status: 200, bodyBytes: UInt64(Self.bodyBytes))
            let endpoint = BenchEndpoint(
                address: "127.0.0.1:\(origin.port)", request: BenchEndpoint.request("/", "bench"),
                expected: expected)
            return try measureAll(endpoint, backends, ringFailure)
        }
        return try measureAll(
            try BenchEndpoint.probe(target, signals: signals), backends, ringFailure)
    }

    /// What is measured, and why not all that was asked for.
    private func choose() throws(BenchStop) -> (backends: [Backend], ringFailure: String?) {
        guard options.backends != .epoll else { return ([.epoll], nil) }
        let ring = RingProbe.report
        switch (options.backends, ring.isUsable) {
        case (.both, true): return ([.ioUring, .epoll], nil)
        case (.both, false): return ([.epoll], ring.reason)
        case (_, true): return ([.ioUring], nil)
        case (_, false): throw .failed("cannot use --backend io_uring: \(ring.reason)")
        }
    }

    private func startOrigin() throws(BenchStop) -> OriginServer {
        do throws(StartError) {
            return try OriginServer.fixed(
                bodyBytes: Self.bodyBytes, processor: placement.load)
        } catch {
            throw .failed("\(error)")
        }
    }

    private func measureAll(
        _ endpoint: BenchEndpoint, _ backends: [Backend], _ ringFailure: String?
    ) throws(BenchStop) -> BenchReport {
        var measurements: [Measurement] = []
        for round in 1...options.rounds {
            // Whoever comes second finds the machine as the first one left it: take turns.
            let order = round % 2 == 1 ? backends : backends.reversed()
            for connections in options.connections {
                for backend in order {
                    onProgress(
                        "round \(round) of \(options.rounds): \(connections) clients,"
                            + " \(backend.rawValue)")
                    measurements.append(
                        try measure(endpoint, backend, connections, round: round))
                }
            }
        }
        return BenchReport(
            options: options, kernelRelease: kernelRelease, loadAverage: loadAverage,
            placement: placement, ringFailure: ringFailure, expected: endpoint.expected,
            summary: BenchSummary(
                measurements: measurements, connections: options.connections,
                backends: backends))
    }

    private func measure(
        _ endpoint: BenchEndpoint, _ backend: Backend, _ connections: Int, round: Int
    ) throws(BenchStop) -> Measurement {
        var proxy = try ProxyProcess(
            options.mode, backend, to: endpoint.address, processor: placement.proxy,
            signals: signals)
        defer { proxy.end() }
        let plan = LoadPlan(
            address: try proxy.address(), request: endpoint.request, expected: endpoint.expected,
            connections: connections, failuresMax: Self.failuresMax)
        var load = try Load.start(plan, signals: signals)
        _ = try load.run(forNs: 0)
        let warmUpMs = min(
            max(options.durationMs / 5, Self.warmUpMs.lowerBound), Self.warmUpMs.upperBound)
        _ = try load.run(forNs: warmUpMs * 1_000_000)
        let before = try proxy.counters()
        let start = try proxy.processorTime()
        let result = try load.run(forNs: options.durationMs * 1_000_000)
        let used = try proxy.processorTime().used(since: start)
        let counted = try proxy.counters().since(before)
        return Measurement(
            backend: backend, connections: connections, round: round, load: result,
            processor: used, counters: counted)
    }
}
