// Upstreams: who answers, how one of them is chosen, and what happens when it fails.

package import DataPlane
package import Protocols

extension Configuration {
    /// Endpoints that serve the same thing.
    package struct Upstream: Equatable, Sendable {
        /// Unique among upstreams; its identity over reloads.
        package var name = ""
        /// At least one.
        package var endpoints: [Endpoint] = []
        package var balance = Balance.roundRobin
        /// `nil`: requests of a client are balanced one by one.
        package var sticky: Sticky?
        /// How long an endpoint that comes back takes to get its whole share; 0 for no time.
        package var slowStartMs: UInt64 = 0
        package var connections = UpstreamConnections()
        package var timeouts = UpstreamTimeouts()
        /// What the Host field of forwarded requests says.
        package var host = HostPolicy.client
        package var retries = Retries()
        package var health = Health()
        /// What is sent to endpoints in front of everything else; `nil` for nothing.
        package var proxyProtocol: ProxyVersion?

        package init() {}
    }

    /// One address, or what a name stands for.
    package struct Endpoint: Equatable, Sendable {
        package var place = Place.address(.anyHost(port: 0))
        /// Share of requests against that of the others, 1 to 1,000.
        package var weight = 1

        package init() {}

        package init(_ address: AddressText) {
            place = .address(address)
        }

        package enum Place: Equatable, Sendable {
            case address(AddressText)
            /// The name of SRV records, which hold hosts, ports, priorities and weights.
            case service(String)
        }
    }

    package enum Balance: Equatable, Sendable {
        /// In turns, smoothly by weight.
        case roundRobin
        /// The fewest requests (or flows) under way, by weight.
        case leastConnections
        /// The one with fewer under way of two that are drawn.
        case powerOfTwo
        /// By the client's address; all move when an endpoint is added.
        case sourceHash
        /// Maglev: the same answer in every worker and instance, few move.
        case consistentHash(HashKey)
    }

    package enum HashKey: Equatable, Sendable {
        case source
        case path
        /// Lower case.
        case header(String)
        case cookie(String)
    }

    /// A cookie of ours keeps a client at its endpoint.
    package struct Sticky: Equatable, Sendable {
        package var cookie = ""
        /// How long the browser keeps it; 0 for as long as it runs.
        package var maxAgeMs: UInt64 = 0

        package init() {}
    }

    package struct UpstreamConnections: Equatable, Sendable {
        /// To all endpoints together, of all workers, at least 1; `nil` for any number.
        package var connectionsMax: Int?
        /// Idle ones kept for each endpoint by each worker, 0 to 1,048,576.
        package var idleMax = UpstreamPolicy().idleMax
        /// Requests that wait for a connection, 0 to 1,048,576; those beyond get a 503.
        package var pendingMax = 1024
        /// How long they wait; then 503.
        package var pendingTimeoutMs: UInt64 = 5_000
        /// Requests under way at once, of all workers, at least 1; `nil` for any number. Those
        /// beyond get a 503.
        package var requestsMax: Int?
        /// Requests of several clients under way on one connection, 1 to 128; 1 for no sharing.
        package var pipelineMax: UInt32 = 1

        package init() {}
    }

    /// In milliseconds, at least 1.
    package struct UpstreamTimeouts: Equatable, Sendable {
        /// Until an endpoint is connected.
        package var connectMs = UpstreamPolicy().connectMs
        /// Until the response's head is there, once the request was sent (504).
        package var responseMs = UpstreamPolicy().responseMs
        /// Silence within a response, or while it has request bytes to take (504, or a cut).
        package var upstreamMs = UpstreamPolicy().silenceMs
        /// An idle connection, kept for reuse.
        package var keepAliveMs = UpstreamPolicy().keepAliveMs

        package init() {}
    }

    /// When a request is tried again. Only what may be done twice is.
    package struct Retries: Equatable, Sendable {
        /// Tries in all, 1 to 16; 1 for no second one.
        package var attempts = 2
        /// What counts as a failure, each once.
        package var causes: [RetryCause] = [.connectFailure, .reset]
        /// Until the response's head is there, for each try; 0 for no limit but `response`.
        package var perTryTimeoutMs: UInt64 = 0
        /// Retries that there may be for all requests, in percent of these, 0 to 100.
        package var budgetPercent = 20

        package init() {}
    }

    package enum RetryCause: Hashable, Sendable {
        case connectFailure
        /// Before the first byte of a response.
        case reset
        case timeout
        /// A response with this status, 400 to 599.
        case status(UInt16)
    }

    package struct Health: Equatable, Sendable {
        /// `nil`: endpoints are not asked.
        package var active: ActiveHealth?
        /// `nil`: failures of requests do not count.
        package var passive: PassiveHealth?
        /// When a smaller share of endpoints is healthy, in percent, all are used; 0 for never.
        package var panicThresholdPercent = 50

        package init() {}
    }

    /// Asked once per process, not by each worker.
    package struct ActiveHealth: Equatable, Sendable {
        package var type = CheckType.tcp
        /// What is asked for. http only.
        package var path = "/"
        /// What a healthy endpoint answers. http only.
        package var status = StatusRange(200, 399)
        /// From the beginning of one check to the next, at least 10 ms.
        package var intervalMs: UInt64 = 5_000
        /// How much the interval varies at random, in percent, 0 to 100.
        package var jitterPercent = 10
        /// A check that takes longer has failed.
        package var timeoutMs: UInt64 = 2_000
        /// Checks in a row that make an endpoint healthy, 1 to 100.
        package var rise = 2
        /// Checks in a row that make it unhealthy, 1 to 100.
        package var fall = 3

        package init() {}
    }

    package enum CheckType: String, CaseIterable, Sendable {
        case tcp, http
    }

    /// Both ends included, 100 to 599.
    package struct StatusRange: Equatable, Sendable {
        package var lowest: UInt16
        package var highest: UInt16

        package init(_ lowest: UInt16, _ highest: UInt16) {
            self.lowest = lowest
            self.highest = highest
        }
    }

    /// Endpoints are ejected by how they fail the requests of clients.
    package struct PassiveHealth: Equatable, Sendable {
        /// Connects, 5xx and timeouts in a row, 1 to 1,000.
        package var consecutiveFailures = 5
        /// How long the first ejection lasts; each further one twice as long.
        package var ejectionMs: UInt64 = 30_000
        package var ejectionMaxMs: UInt64 = 300_000
        /// The share of endpoints that may be ejected at once, in percent, 0 to 100.
        package var ejectedShareMaxPercent = 50

        package init() {}
    }
}
