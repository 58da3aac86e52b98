// What goes on at this moment, for people who watch: `GET /v1/live`, the events of `GET
// /v1/events`, the dashboard and `gyre top`. Plain values, the same on both ends of the admin
// address; see ControlReports for how they may grow. Totals are since the start and exact; rates
// are of the window that they stand in.

/// `GET /v1/live`.
package struct LiveReport: Codable, Equatable, Sendable {
    /// What one event may have, so that it stays some 200 KiB with the largest of sites.
    package static let routesShownMax = 200
    package static let upstreamsShownMax = 200
    package static let endpointsShownMax = 400

    package var version: String
    package var pid: Int32
    package var state: StatusReport.State
    /// What `/readyz` says; the reason when it is not.
    package var isReady: Bool
    package var notReadyReason: String?
    package var uptimeMs: UInt64
    /// When this was read, in milliseconds since the Unix epoch.
    package var atMs: UInt64
    package var backend: String
    package var backendReason: String
    /// Where the configuration is from, and how many there were.
    package var configuration: String
    package var generation: UInt64

    package var connections: Connections
    package var totals: Totals
    /// The last second, the last minute (or as much of it as there was), and since the start.
    package var second: Window
    package var minute: Window
    package var start: Window
    package var workers: [Worker]
    package var listeners: [Listener]
    /// The busiest, at most `routesShownMax`.
    package var routes: [Route]
    /// The busiest, at most `upstreamsShownMax`, with the busiest of their endpoints, at most
    /// `endpointsShownMax` of all upstreams together.
    package var upstreams: [Upstream]
    /// What there is no room for; `/metrics` has more of it.
    package var routesLeftOut: Int?
    package var upstreamsLeftOut: Int?
    package var endpointsLeftOut: Int?
    /// The newest first, at most 50.
    package var errors: [Incident]
    package var accessLog: AccessLog?

    /// By state, now.
    package struct Connections: Codable, Equatable, Sendable {
        /// Clients that are not over, of both kinds, and how many there may be.
        package var active: UInt64
        package var max: UInt64
        /// HTTP clients, and TCP flows with tunnels among them.
        package var http: UInt64
        package var flows: UInt64
        /// HTTP clients with a request under way.
        package var busy: UInt64
        /// Requests and flows that wait for room at their upstreams.
        package var waiting: UInt64
        /// To endpoints, idle ones included.
        package var upstream: UInt64
    }

    package struct Totals: Codable, Equatable, Sendable {
        package var requests: UInt64
        package var accepted: UInt64
        package var bytesIn: UInt64
        package var bytesOut: UInt64
        /// Answers by class; `none` are requests that got none.
        package var statuses: Statuses
        /// Exchanges, flows and tunnels that ended, by the words of the access log; without zeros.
        package var ends: [String: UInt64]
        package var retries: UInt64
        package var rateLimited: UInt64
        package var shed: UInt64
    }

    /// Answers by the first digit of their status: counts in totals, per second in windows.
    package struct Statuses: Codable, Equatable, Sendable {
        package var informational: Double
        package var success: Double
        package var redirection: Double
        package var clientError: Double
        package var serverError: Double
        package var none: Double
    }

    /// Percentiles in microseconds; `nil` where nothing was measured.
    package struct Latency: Codable, Equatable, Sendable {
        package var count: UInt64
        package var meanUs: Double?
        package var p50Us: Double?
        package var p90Us: Double?
        package var p99Us: Double?
        package var p999Us: Double?
    }

    /// Rates over some time, per second.
    package struct Window: Codable, Equatable, Sendable {
        package var seconds: Double
        package var requests: Double
        package var accepted: Double
        package var bytesIn: Double
        package var bytesOut: Double
        package var statuses: Statuses
        /// `nil` without a request.
        package var systemCallsPerRequest: Double?
        package var processorUsPerRequest: Double?
        /// Of all workers together, in processors.
        package var processors: Double
        package var completionsPerTurn: Double?
        /// See `WorkerHistogram`.
        package var total: Latency
        package var connect: Latency
        package var firstByte: Latency
        package var own: Latency
        package var queue: Latency
    }

    package struct Worker: Codable, Equatable, Sendable {
        package var index: Int
        package var connections: UInt64
        package var second: Rates
        package var minute: Rates
        package var start: Rates
        package var buffersInUse: UInt64
        package var buffersMax: UInt64
        package var starvedWaits: UInt64
        package var queueOverflows: UInt64

        package struct Rates: Codable, Equatable, Sendable {
            package var requests: Double
            /// 1 is a whole processor.
            package var processors: Double
            package var systemCalls: Double
            package var systemCallsPerRequest: Double?
            package var processorUsPerRequest: Double?
            package var completionsPerTurn: Double?
            package var turns: Double
        }
    }

    package struct Listener: Codable, Equatable, Sendable {
        package var name: String
        /// `http` or `tcp`.
        package var protocolName: String
        package var addresses: [String]
        package var state: StatusReport.State
        package var connections: UInt64
        package var accepted: UInt64
        package var acceptedPerSecond: Double
        package var requests: UInt64
        package var requestsPerSecond: Double
        package var bytesIn: UInt64
        package var bytesOut: UInt64
        /// Answers by class since the start.
        package var statuses: Statuses
    }

    package struct Route: Codable, Equatable, Sendable {
        package var listener: String
        /// Empty for requests of a listener that no route took.
        package var name: String
        package var requests: UInt64
        package var requestsPerSecond: Double
        /// Answers of 500 and above, since the start.
        package var errors: UInt64
        /// Of the last 30 to 60 seconds.
        package var total: Latency
    }

    package struct Upstream: Codable, Equatable, Sendable {
        package var name: String
        package var requests: UInt64
        package var requestsPerSecond: Double
        package var waiting: UInt64
        /// Of the last 30 to 60 seconds.
        package var firstByte: Latency
        package var connect: Latency
        package var endpoints: [Endpoint]
    }

    package struct Endpoint: Codable, Equatable, Sendable {
        package var name: String
        /// What `POST /v1/drain` knows it by: `upstream/address`.
        package var id: String
        package var address: String
        package var state: EndpointReport.State
        package var reason: String?
        package var weight: Int
        package var connections: UInt64
        package var inFlight: UInt64
        package var requests: UInt64
        package var requestsPerSecond: Double
        /// Answers of 500 and above, and failures without an answer.
        package var errors: UInt64
        package var failures: UInt64
    }

    /// Something that an operator should read about.
    package struct Incident: Codable, Equatable, Sendable {
        /// In milliseconds since the Unix epoch.
        package var atMs: UInt64
        /// `error`, `warning` or `info`.
        package var level: String
        package var message: String
    }

    package struct AccessLog: Codable, Equatable, Sendable {
        package var lines: UInt64
        /// Records that found no room because what the log goes to was too slow.
        package var lost: UInt64
        /// Writes that failed, each of which was tried again; `nil` from an older Gyre.
        package var failures: UInt64?
    }
}
