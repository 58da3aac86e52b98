// What the process tells about itself and about commands: plain values, the same on both ends of
// the admin address. Members that a later Gyre adds are not known to an older client, which skips
// them; those that may be missing are optional.

/// `GET /v1/status`.
package struct StatusReport: Codable, Equatable, Sendable {
    package enum State: String, Codable, Sendable {
        case serving
        case draining
    }

    package struct Listener: Codable, Equatable, Sendable {
        package var name: String
        /// `tcp` or `http`.
        package var protocolName: String
        /// With the real port.
        package var address: String
        package var state: State
        /// Clients that came through it; `nil` when they are not counted apart.
        package var connections: UInt64?

        package init(
            name: String, protocolName: String, address: String, state: State,
            connections: UInt64? = nil
        ) {
            self.name = name
            self.protocolName = protocolName
            self.address = address
            self.state = state
            self.connections = connections
        }
    }

    package struct Worker: Codable, Equatable, Sendable {
        package var connectionsActive: UInt64
        package var processorTimeNs: UInt64

        package init(connectionsActive: UInt64, processorTimeNs: UInt64) {
            self.connectionsActive = connectionsActive
            self.processorTimeNs = processorTimeNs
        }
    }

    package var version: String
    package var pid: Int32
    package var state: State
    package var uptimeMs: UInt64
    /// `io_uring` or `epoll`, and why.
    package var backend: String
    package var backendReason: String
    /// Where the configuration is from: a file, or `command line`.
    package var configuration: String
    /// Configurations taken since the start, the first one included.
    package var generation: UInt64
    package var connectionsActive: UInt64
    package var connectionsMax: UInt64
    package var accepted: UInt64
    package var requests: UInt64
    package var listeners: [Listener]
    package var workers: [Worker]

    package init(
        version: String, pid: Int32, state: State, uptimeMs: UInt64, backend: String,
        backendReason: String, configuration: String, generation: UInt64,
        connectionsActive: UInt64, connectionsMax: UInt64, accepted: UInt64, requests: UInt64,
        listeners: [Listener], workers: [Worker]
    ) {
        self.version = version
        self.pid = pid
        self.state = state
        self.uptimeMs = uptimeMs
        self.backend = backend
        self.backendReason = backendReason
        self.configuration = configuration
        self.generation = generation
        self.connectionsActive = connectionsActive
        self.connectionsMax = connectionsMax
        self.accepted = accepted
        self.requests = requests
        self.listeners = listeners
        self.workers = workers
    }
}

/// One endpoint of `GET /v1/endpoints`.
package struct EndpointReport: Codable, Equatable, Sendable {
    package enum State: String, Codable, Sendable {
        case usable
        /// Taken out by health checks or by failures.
        case ejected
        /// Taken out by an operator.
        case draining
    }

    package var upstream: String
    package var name: String
    package var address: String
    package var state: State
    /// Why it is not usable; `nil` when it is.
    package var reason: String?
    package var weight: Int
    /// Connections to it; `nil` when they are not counted apart.
    package var connections: UInt64?

    package init(
        upstream: String, name: String, address: String, state: State, reason: String? = nil,
        weight: Int = 1, connections: UInt64? = nil
    ) {
        self.upstream = upstream
        self.name = name
        self.address = address
        self.state = state
        self.reason = reason
        self.weight = weight
        self.connections = connections
    }
}

/// A mistake in a configuration.
package struct MistakeReport: Codable, Equatable, Sendable {
    /// `nil` for a text that came without a file.
    package var file: String?
    /// From 1; `nil` for what has no place.
    package var line: Int?
    package var column: Int?
    /// What was read, what was expected.
    package var message: String

    package init(file: String? = nil, line: Int? = nil, column: Int? = nil, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `file:line:column: message`, as far as they are known.
    ///
    /// - Parameter file: names the text when the report does not.
    package func text(file fallback: String? = nil) -> String {
        let place = [self.file ?? fallback, line.map(String.init), column.map(String.init)]
        return (place.compactMap(\.self) + [" " + message]).joined(separator: ":")
    }
}

/// What came of `POST /v1/reload` or `POST /v1/plan`.
package struct ConfigurationOutcome: Codable, Equatable, Sendable {
    package enum Verdict: String, Codable, Sendable {
        /// The configuration is good; a reload has taken it.
        case accepted
        /// It has mistakes; nothing was changed.
        case mistaken
        /// It could not be tried; nothing was changed.
        case refused
    }

    package var verdict: Verdict
    /// Of `mistaken`.
    package var mistakes: [MistakeReport] = []
    /// Of `refused`, one line.
    package var reason: String?
    /// Of `accepted`: what it changes, or has changed.
    package var changes: [PlanChange] = []
    /// How long it took, until the last worker had it.
    package var tookMs: UInt64?

    package static func accepted(
        _ changes: [PlanChange], tookMs: UInt64? = nil
    ) -> ConfigurationOutcome {
        ConfigurationOutcome(verdict: .accepted, changes: changes, tookMs: tookMs)
    }

    package static func mistaken(_ mistakes: [MistakeReport]) -> ConfigurationOutcome {
        ConfigurationOutcome(verdict: .mistaken, mistakes: mistakes)
    }

    package static func refused(_ reason: String) -> ConfigurationOutcome {
        ConfigurationOutcome(verdict: .refused, reason: reason)
    }
}

/// What came of `POST /v1/reopen`.
package struct ReopenOutcome: Codable, Equatable, Sendable {
    package enum Verdict: String, Codable, Sendable {
        case done
        /// There is nothing that could be opened again.
        case unchanged
        /// It could not be opened; what was open stays so.
        case refused
    }

    package var verdict: Verdict
    /// Of `unchanged` and `refused`, one line.
    package var reason: String?

    package init(_ verdict: Verdict, reason: String? = nil) {
        self.verdict = verdict
        self.reason = reason
    }
}

/// The body of `POST /v1/drain`: exactly one of `listener` and `endpoint`.
package struct DrainOrder: Codable, Equatable, Sendable {
    package var listener: String?
    package var endpoint: String?
    /// The whole process, which then ends; cannot be taken back. Its value is how many sockets
    /// another process has on each address, to which new connections go from now on; 0 for none.
    package var process: Int?
    /// Takes it back into service; missing is `false`.
    package var undrain: Bool?

    package init(
        listener: String? = nil, endpoint: String? = nil, process: Int? = nil,
        undrain: Bool? = nil
    ) {
        self.listener = listener
        self.endpoint = endpoint
        self.process = process
        self.undrain = undrain
    }

    package var isValid: Bool {
        if let process {
            return listener == nil && endpoint == nil && undrain != true
                && (0...Self.socketsMax).contains(process)
        }
        return (listener == nil) != (endpoint == nil)
    }

    private static var socketsMax: Int { 4_096 }
}

/// What came of a drain.
package struct DrainOutcome: Codable, Equatable, Sendable {
    package enum Verdict: String, Codable, Sendable {
        case done
        /// It was in that state already.
        case unchanged
        /// There is nothing of that name.
        case unknown
        case refused
    }

    package var verdict: Verdict
    /// Of `unknown` and `refused`, one line.
    package var reason: String?
    /// Connections or requests that are still under way there.
    package var remaining: UInt64?

    package init(_ verdict: Verdict, reason: String? = nil, remaining: UInt64? = nil) {
        self.verdict = verdict
        self.reason = reason
        self.remaining = remaining
    }
}
