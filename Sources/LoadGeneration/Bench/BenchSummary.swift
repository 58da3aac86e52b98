// From the measurements of all rounds to figures: medians, and the ratio of the backends. Pure.

internal import DataPlane

/// All measurements of a bench.
struct BenchSummary: Sendable {
    let measurements: [Measurement]

    /// In the order in which they were asked for.
    let connections: [Int]
    let backends: [Backend]

    /// Requests that failed in all rounds together.
    func failures(_ backend: Backend, _ connections: Int) -> UInt64 {
        of(backend, connections).reduce(0) { $0 + $1.load.failures }
    }

    /// The median over the rounds; `nil` when no round has a figure.
    func median(_ figure: Figure, _ backend: Backend, _ connections: Int) -> Double? {
        Self.median(of(backend, connections).map { $0[figure] })
    }

    /// io_uring's figure by epoll's in each round, and the median of these; `nil` when no round has
    /// both. Rounds that were disturbed as a whole count as much as others.
    func ratio(_ figure: Figure, _ connections: Int) -> Double? {
        let rings = of(.ioUring, connections)
        let polls = of(.epoll, connections)
        let ratios = rings.compactMap { ring in
            polls.first { $0.round == ring.round }.map { ring[figure] / $0[figure] }
        }
        return Self.median(ratios)
    }

    private func of(_ backend: Backend, _ connections: Int) -> [Measurement] {
        measurements.filter { $0.backend == backend && $0.connections == connections }
    }

    /// The middle one, or the mean of the two in the middle, of the values that are finite.
    static func median(_ values: [Double]) -> Double? {
        let sorted = values.filter(\.isFinite).sorted()
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1
            ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
