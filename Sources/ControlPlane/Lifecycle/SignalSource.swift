// Signals as events of the main thread: blocked everywhere, read from a descriptor.

internal import CLinux
internal import DataPlane
internal import Glibc

/// Delivers SIGTERM, SIGINT, SIGUSR1 and SIGHUP. Must be made before any other thread starts, because
/// threads inherit which signals are blocked.
struct SignalSource {
    enum Signal: Equatable {
        /// SIGTERM or SIGINT.
        case stop
        /// SIGUSR1.
        case report
        /// SIGHUP.
        case reload
    }

    let descriptor: Descriptor

    init() throws(SystemError) {
        descriptor = Descriptor(raw: try SystemError.check(gyre_signal_open()))
    }

    /// The next signal; `nil` when none is pending.
    func next() -> Signal? {
        switch gyre_signal_read(descriptor.raw) {
        case SIGTERM, SIGINT: .stop
        case SIGUSR1: .report
        case SIGHUP: .reload
        default: nil
        }
    }

    func close() {
        descriptor.close()
    }
}
