// Congestion control over loopback. There is no path whose rate could be probed, so an algorithm
// that paces (BBR) brings nothing there but timers: on a machine where it is the default, bodies of
// 1 MiB between neighbours cost 1.7 times the processor time without this (Benchmarks/README.md).

internal import CLinux
internal import Glibc

/// Whether connections over loopback would be paced.
package enum LoopbackPacing {
    /// Whether this machine's default congestion control paces; looked at once.
    static let isDefault: Bool = {
        let socket = gyre_socket_open(AF_INET)
        guard socket >= 0 else { return false }
        defer { _ = gyre_close(socket) }
        return gyre_socket_is_paced(socket) == 1
    }()

    /// Takes pacing off a socket that listens on a loopback address, whose accepted ones inherit
    /// that, or that is to be connected to one.
    package static func remove(from socket: Descriptor) {
        if isDefault { _ = gyre_socket_set_unpaced(socket.raw) }
    }
}
