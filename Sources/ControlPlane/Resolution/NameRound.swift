// From a question to addresses, by as many lookups as it takes: pure. What one lookup found stays
// known for the time that the next one fails, so that a server which answers half of the questions
// does not take half of the endpoints away.

internal import DataPlane
internal import Protocols

/// The lookups of one name, round after round.
struct NameRound {
    /// Instances of one service that are used, and addresses of one name.
    static let recordsMax = 64
    static let addressesMax = 256

    private let question: NameQuestion
    private var records: [ServiceRecord] = []
    private var known: [Lookup: [SocketAddress]] = [:]

    // Of this round.
    private var pending: Set<Lookup> = []
    private var lifetimeMs = UInt64.max
    private var hasFound = false
    private var reason = "no addresses"

    init(_ question: NameQuestion) {
        self.question = question
    }

    /// Whether every lookup has come back.
    var isComplete: Bool { pending.isEmpty }

    /// Starts a round.
    ///
    /// - Returns: what is to be looked up.
    mutating func begin() -> [Lookup] {
        lifetimeMs = .max
        hasFound = false
        reason = "no addresses"
        pending = []
        switch question {
        case .host(let name, _): return add(hosts: [name])
        case .service(let name):
            pending = [.service(name)]
            return [.service(name)]
        }
    }

    /// Takes what a lookup of this round found.
    ///
    /// - Returns: what is to be looked up because of it.
    mutating func take(_ lookup: Lookup, _ outcome: LookupOutcome) -> [Lookup] {
        guard pending.remove(lookup) != nil else { return [] }
        switch outcome {
        case .addresses(let addresses, let lifetimeMs):
            known[lookup] = addresses
            hasFound = hasFound || !addresses.isEmpty
            self.lifetimeMs = min(self.lifetimeMs, lifetimeMs)
        case .services(let found):
            lifetimeMs = min(lifetimeMs, UInt64(found.ttlSeconds) * 1000)
            // RFC 2782: only the lowest priority, as long as there is one.
            let lowest = found.records.map(\.priority).min()
            records = found.records.filter { $0.priority == lowest }
            let hosts = Set(records.map(\.host))
            known = known.filter { hosts.contains($0.key.name) }
            return add(hosts: hosts.sorted())
        case .nothing:
            known[lookup] = []
        case .failed(let why):
            reason = why
        }
        return []
    }

    /// What the round comes to, once it is complete.
    func answer() -> NameAnswer {
        guard hasFound else { return .failed(reason) }
        var weights: [SocketAddress: UInt16] = [:]
        for (host, port, weight) in places {
            for lookup in [Lookup.ipv4(host), .ipv6(host)] {
                for address in known[lookup, default: []] {
                    let place = address.withPort(port)
                    weights[place] = max(weights[place] ?? 1, weight)
                }
            }
        }
        let all = weights.sorted { $0.key < $1.key }
            .map { NamedAddress(address: $0.key, weight: $0.value) }
        // A name often has an IPv6 address that this machine cannot reach.
        let routable = all.filter { $0.address.isRoutable }
        let usable = routable.isEmpty ? all : routable
        return .found(Array(usable.prefix(Self.addressesMax)), lifetimeMs: lifetimeMs)
    }

    private var places: [(host: String, port: UInt16, weight: UInt16)] {
        switch question {
        case .host(let name, let port): [(name, port, 1)]
        case .service: records.map { ($0.host, $0.port, $0.weight) }
        }
    }

    private mutating func add(hosts: [String]) -> [Lookup] {
        let lookups = hosts.flatMap { [Lookup.ipv4($0), .ipv6($0)] }
        pending.formUnion(lookups)
        return lookups
    }
}
