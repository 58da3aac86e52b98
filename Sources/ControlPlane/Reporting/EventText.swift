// What a worker's event says in the log.

internal import DataPlane
internal import Protocols

extension WorkerEvent {
    /// One line.
    ///
    /// - Parameter name: of the endpoint that it is about.
    func text(endpoint name: String) -> String {
        let cause = code == 0 ? "no room for another socket" : "\(SystemError(code: code))"
        let refusal = ProxyRefusal(rawValue: UInt8(clamping: code)).map { "\($0.reason)" } ?? "?"
        let line =
            switch kind {
            case .connectFailed: "cannot connect to \(name): \(cause)"
            case .connectTimedOut: "cannot connect to \(name): no answer within the connect timeout"
            case .noEndpoint: "no endpoint could be connected"
            case .badResponse: "\(name) sent something that is not an HTTP response"
            case .upstreamFull:
                "the upstream of \(name) has as many connections as it may have; work was refused"
            case .acceptPaused: "accepting pauses: \(cause)"
            case .proxyHeaderRefused: "a PROXY header was refused: \(refusal)"
            case .proxyHeaderLate: "a PROXY header did not come in time"
            }
        return heldBack == 0 ? line : "\(line) (and \(heldBack) events before it)"
    }
}
