// Why a bench ends before it has something to tell.

internal import ControlPlane

/// The two ways in which it does not come to its end.
package enum BenchStop: Error, Equatable, Sendable {
    /// SIGINT or SIGTERM, by its number.
    case interrupted(Int32)
    /// A line for the operator.
    case failed(String)
}

extension SignalSource {
    /// Takes the signals that have come.
    ///
    /// - Throws: when one of them asks to stop.
    func throwIfStopped() throws(BenchStop) {
        while let signal = next() {
            if case .stop(let number) = signal { throw .interrupted(number) }
        }
    }
}
