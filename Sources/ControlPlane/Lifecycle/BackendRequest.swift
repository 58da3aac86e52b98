// The operator's choice of an I/O backend, as it is written.

/// Which backend is to serve.
package enum BackendRequest: String, CaseIterable, Sendable {
    /// io_uring where it works, else epoll.
    case auto
    case ioUring = "io_uring"
    case epoll
}
