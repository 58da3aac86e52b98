// Which backend serves, and why. Pure.

package import DataPlane

/// The backend that was decided on.
package struct BackendChoice: Equatable, Sendable {
    package let backend: Backend
    /// One clause that explains it to the operator.
    package let reason: String
    /// Whether `auto` would have preferred io_uring.
    package let isFallback: Bool

    package init(backend: Backend, reason: String, isFallback: Bool) {
        self.backend = backend
        self.reason = reason
        self.isFallback = isFallback
    }

    /// - Parameters:
    ///   - request: what the operator asked for.
    ///   - relay: what the operator asked for.
    ///   - ringFailure: why io_uring cannot be used here; `nil` when it can.
    ///   - tableFailure: why the rings cannot hold sockets; `nil` when they can, or need not.
    /// - Throws: when what was asked for cannot be had.
    package static func decide(
        _ request: BackendRequest, relay: RelayMode, ringFailure: String?,
        tableFailure: String? = nil
    ) throws(StartError) -> BackendChoice {
        if let tableFailure {
            throw StartError("cannot use --direct-descriptors: \(tableFailure)")
        }
        switch (request, ringFailure) {
        case (.epoll, _):
            let asked = BackendChoice(backend: .epoll, reason: "asked for", isFallback: false)
            return try asked.checked(relay)
        case (.ioUring, .some(let failure)):
            throw StartError("cannot use --backend io_uring: \(failure)")
        case (.ioUring, .none):
            return BackendChoice(backend: .ioUring, reason: "asked for", isFallback: false)
        case (.auto, .some(let failure)):
            let fallback = BackendChoice(
                backend: .epoll, reason: "io_uring cannot be used: \(failure)", isFallback: true)
            return try fallback.checked(relay)
        case (.auto, .none):
            return BackendChoice(
                backend: .ioUring, reason: "the kernel has all that is needed", isFallback: false)
        }
    }

    private func checked(_ relay: RelayMode) throws(StartError) -> BackendChoice {
        guard relay == .spliceRing else { return self }
        throw StartError(
            "cannot use --relay splice-ring on epoll, it needs io_uring (epoll: \(reason))")
    }
}
