// What a configuration may ask for and nothing here does yet: refused, so that nobody relies on it.

extension Configuration {
    /// - Throws: the first setting that would have no effect.
    package func refuseUnserved() throws(StartError) {
        for upstream in upstreams {
            let name = "upstream \(upstream.name): "
            if upstream.health.active != nil { throw Self.unserved(name + "health.active") }
        }
    }

    private static func unserved(_ setting: String) -> StartError {
        StartError("cannot serve this configuration yet: \(setting)")
    }
}
