// Events of a trace as the admin address tells them: plain values, the same on both of its ends.

internal import DataPlane

/// One event of `GET /v1/trace`.
package struct TraceReport: Codable, Equatable, Sendable {
    /// In microseconds since the Unix epoch.
    package var atUs: UInt64
    package var worker: Int
    /// Tells connections of the worker's clients apart.
    package var connection: UInt32
    /// One word.
    package var event: String
    /// What there is to say about it; empty for nothing.
    package var detail: String

    /// - Parameters:
    ///   - unixOffsetNs: what makes times since the Unix epoch of those of the monotonic clock.
    init(_ event: TraceEvent, worker: Int, _ names: SiteNames, unixOffsetNs: UInt64) {
        atUs = (event.atNs &+ unixOffsetNs) / 1_000
        self.worker = worker
        connection = event.connection
        self.event = event.kind.word
        detail = event.detail(names)
    }

    /// Of events that are missing from here on.
    init(lost: UInt64, atUs: UInt64) {
        self.atUs = atUs
        worker = 0
        connection = 0
        event = "lost"
        detail = "\(lost) events found no room"
    }

    /// For people: time, connection, how long after the event before, what it is.
    ///
    /// - Parameter sinceUs: when the connection's event before this one was; `nil` for its first.
    package func line(sinceUs: UInt64?) -> String {
        let ofDay = atUs % 86_400_000_000
        let (seconds, microseconds) = (ofDay / 1_000_000, ofDay % 1_000_000)
        let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }
        let time = "\(clock.joined(separator: ":")).\(Self.padded(microseconds, 6))"
        let delta = sinceUs.map { "+\(atUs >= $0 ? atUs - $0 : 0)us" } ?? ""
        if event == "lost" { return "\(time)  \(detail)" }
        let head = "\(time)  \(worker)/\(connection)  \(Self.left(delta, 12))"
        return detail.isEmpty ? "\(head)\(event)" : "\(head)\(Self.left(event, 16))\(detail)"
    }

    private static func padded(_ number: UInt64, _ digits: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 1))
    }
}

extension TraceEvent.Kind {
    fileprivate var word: String {
        switch self {
        case .accepted: "accepted"
        case .head: "request"
        case .queued: "queued"
        case .unqueued: "unqueued"
        case .chosen: "endpoint"
        case .reused: "reused"
        case .pipelined: "pipelined"
        case .connected: "connected"
        case .connectFailed: "connect-failed"
        case .sent: "sent"
        case .firstByte: "first-byte"
        case .response: "response"
        case .retried: "retried"
        case .ended: "ended"
        case .closed: "closed"
        }
    }
}

extension TraceEvent {
    fileprivate func detail(_ names: SiteNames) -> String {
        switch kind {
        case .accepted, .closed: "by \(names.listeners[id] ?? "?")"
        case .head: "\(printableText)  by \(names.routeText(id))"
        case .chosen: "\(endpointText(names)), number \(code)"
        case .reused, .pipelined, .connected: endpointText(names)
        case .connectFailed:
            code == 0
                ? "\(endpointText(names)), not in time"
                : "\(endpointText(names)), \(SystemError(code: Int32(code)).text)"
        case .response: "\(code) from \(endpointText(names))"
        case .ended: "\(end.word), \(code == 0 ? "no status" : "status \(code)"), \(value) bytes"
        case .queued, .unqueued, .sent, .firstByte, .retried: ""
        }
    }

    private func endpointText(_ names: SiteNames) -> String {
        guard let endpoint = names.endpoints[id] else { return "?" }
        return "\(endpoint.upstream)/\(endpoint.name)"
    }

    /// What a client says may hold anything.
    private var printableText: String {
        var result = ""
        for index in 0..<Int(textCount) {
            let byte = text[index]
            if (0x20..<0x7F).contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16)
                result += "\\x" + (hex.count < 2 ? "0" : "") + hex
            }
        }
        return Int(textCount) == Self.textBytesMax ? result + "..." : result
    }
}

extension SiteNames {
    fileprivate func routeText(_ id: UInt32) -> String {
        if let route = routes[id] { return "\(route.listener)/\(route.name)" }
        if id > MetricLimits.otherRoutes {
            return "no route of \(listeners[id - MetricLimits.otherRoutes - 1] ?? "?")"
        }
        return "?"
    }
}
