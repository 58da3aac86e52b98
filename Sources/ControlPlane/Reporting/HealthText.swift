// What a change of an endpoint's health says in the log.

package import DataPlane

extension HealthChange {
    /// Whether an operator has to know, or merely may.
    package var isWarning: Bool { kind == .ejected || kind == .wentDown }

    /// One line.
    ///
    /// - Parameters:
    ///   - upstream: its name.
    ///   - name: the endpoint's.
    package func text(upstream: String, endpoint name: String) -> String {
        let times = "\(count) "
        let last = cause.map { count > 1 ? ", the last: \($0.text(code))" : ": \($0.text(code))" }
        let what =
            switch kind {
            case .ejected:
                "is ejected for \(Self.text(milliseconds: durationMs)) after \(times)"
                    + (count == 1 ? "failure" : "failures in a row") + (last ?? "")
            case .readmitted: "is back after its ejection"
            case .wentDown:
                "is down after \(times)failed \(count == 1 ? "check" : "checks")\(last ?? "")"
            case .wentUp: "is up after \(times)passed \(count == 1 ? "check" : "checks")"
            case .drained: "is drained"
            case .undrained: "is no longer drained"
            }
        return "\(upstream): \(name) \(what)"
    }

    private static func text(milliseconds: UInt32) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}

extension HealthCause {
    fileprivate func text(_ code: UInt16) -> String {
        switch self {
        case .connectFailed: "cannot connect: \(SystemError(code: Int32(code)))"
        case .connectTimedOut: "no connection in time"
        case .reset:
            code == 0
                ? "the connection ended before the answer"
                : "the connection failed: \(SystemError(code: Int32(code)))"
        case .timedOut: "no answer in time"
        case .badStatus: "status \(code)"
        case .badResponse: "an answer that is not HTTP"
        }
    }
}
