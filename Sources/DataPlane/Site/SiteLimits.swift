// How many things a site may have. Their ids are below these numbers in every worker.

/// Limits of one process.
package enum SiteLimits {
    package static let listenersMax = 256
    /// Listening sockets of one worker.
    package static let socketsMax = 512
    package static let upstreamsMax = 1024
    package static let endpointsMax = 4096
    /// Snapshots that a worker may hold at once: the present one, and older ones that requests
    /// under way began with.
    static let snapshotsMax = 1024
}
