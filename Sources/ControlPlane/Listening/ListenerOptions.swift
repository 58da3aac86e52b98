// Listening sockets are opened here, by the control plane, and handed to the workers.
// Constants of socket(7), tcp(7) and ipv6(7) that come as enums or macros in C.

internal import CLinux
package import DataPlane
internal import Glibc

extension Descriptor {
    /// Opens a stream socket, non-blocking and close-on-exec.
    package static func streamSocket(family: Int32) throws(SystemError) -> Descriptor {
        Descriptor(raw: try SystemError.check(gyre_socket_open(family)))
    }

    /// One descriptor more for the same socket.
    func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(raw: try SystemError.check(gyre_duplicate(raw)))
    }

    func listen(backlog: Int32) throws(SystemError) {
        try SystemError.check(gyre_socket_listen(raw, backlog))
    }

    package func close() {
        _ = gyre_close(raw)
    }

    /// Lets sockets that are still in TIME_WAIT keep nobody from the port.
    func setReuseAddress() throws(SystemError) {
        try set(SOL_SOCKET, SO_REUSEADDR)
    }

    /// Lets sibling sockets of the same user listen on the same address.
    func setReusePort() throws(SystemError) {
        try set(SOL_SOCKET, SO_REUSEPORT)
    }

    /// What accepted connections inherit from their listener, so that no worker pays a system call
    /// for it: no Nagle delay, and probes that find peers which vanished.
    package func setStreamDefaults() throws(SystemError) {
        try set(Int32(IPPROTO_TCP), TCP_NODELAY)
        try set(SOL_SOCKET, SO_KEEPALIVE)
    }

    func setIPv6Only() throws(SystemError) {
        try set(Int32(IPPROTO_IPV6), IPV6_V6ONLY)
    }

    private func set(_ level: Int32, _ name: Int32) throws(SystemError) {
        try SystemError.check(gyre_socket_set_option(raw, level, name, 1))
    }
}
