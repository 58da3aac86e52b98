// Whether a load balancer should send clients here. Pure.

internal import DataPlane

/// `GET /readyz`.
package struct Readiness: Codable, Equatable, Sendable {
    package var ready: Bool
    /// One clause; `nil` when it is ready.
    package var reason: String?
    /// Names of upstreams of which no endpoint is usable, in the order of the configuration; one
    /// alone does not make it unready, because the others serve.
    package var upstreamsWithoutEndpoints: [String]

    /// - Parameters:
    ///   - isServing: not draining, and no other process has taken its place.
    ///   - upstreams: how many endpoints each has that health lets work go to.
    package init(isServing: Bool, upstreams: [(name: String, usable: Int)]) {
        upstreamsWithoutEndpoints = upstreams.filter { $0.usable == 0 }.map(\.name)
        reason =
            if !isServing {
                "draining"
            } else if !upstreams.isEmpty, upstreamsWithoutEndpoints.count == upstreams.count {
                "no upstream has a usable endpoint"
            } else {
                nil
            }
        ready = reason == nil
    }
}
