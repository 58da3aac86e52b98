// From the limits of a listener as the configuration has them to those of the data plane.

internal import DataPlane

extension AdmissionLimits {
    init(_ listener: Configuration.Listener) {
        self.init()
        clientsMax = listener.limits.connectionsMax.map { UInt32(clamping: $0) }
        guard let limit = listener.rateLimit else { return }
        connections = limit.connections.map { SourceRate($0, burst: limit.burst) }
        requests = limit.requests.map { SourceRate($0, burst: limit.burst) }
        sourcesMax = limit.sourcesMax
    }
}

extension SourceRate {
    /// - Parameter burst: `nil` for what the rate gives in one of its units.
    fileprivate init(_ rate: Rate, burst: Int?) {
        self.init(
            UInt64(rate.count), perMs: rate.unit.milliseconds,
            burst: UInt64(burst ?? Int(rate.count)))
    }
}
