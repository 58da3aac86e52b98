// Signals as events of the main thread: blocked everywhere, read from a descriptor.

internal import CLinux
package import DataPlane
internal import Glibc

/// Delivers SIGTERM, SIGINT, SIGUSR1 and SIGHUP. Must be made before any other thread starts,
/// because threads inherit which signals are blocked.
package struct SignalSource: Sendable {
    package enum Signal: Equatable {
        /// SIGTERM or SIGINT, by its number.
        case stop(Int32)
        /// SIGUSR1: counters are printed, and the access log is opened again.
        case report
        /// SIGHUP.
        case reload
    }

    package let descriptor: Descriptor

    package init() throws(SystemError) {
        descriptor = Descriptor(raw: try SystemError.check(gyre_signal_open()))
    }

    /// The next signal; `nil` when none is pending.
    package func next() -> Signal? {
        switch gyre_signal_read(descriptor.raw) {
        case let number where number == SIGTERM || number == SIGINT: .stop(number)
        case SIGUSR1: .report
        case SIGHUP: .reload
        default: nil
        }
    }

    func close() {
        descriptor.close()
    }
}
