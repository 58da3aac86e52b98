// Addresses for the endpoints of the configuration: what is written as one is taken as it is, what
// names stand for comes from the last good answers about them.

internal import DataPlane
internal import Protocols

/// The last good addresses of names: of each at least one, in a fixed order, none twice.
typealias NameBook = [NameQuestion: [NamedAddress]]

/// Resolves everything that upstreams name.
enum EndpointSource {
    /// Asks for names and waits for the answers, `NameResolver.askMs` at most.
    ///
    /// - Parameter known: names that need not be asked for.
    /// - Returns: the addresses of every name in the configuration.
    /// - Throws: the first name, in the order of the configuration, that has none.
    static func names(
        _ configuration: Configuration, _ servers: NameServers, known: NameBook = [:]
    ) throws(StartError) -> NameBook {
        let asked = configuration.endpointQuestions.subtracting(known.keys)
        let answers = NameResolver.ask(asked, servers)
        var book = known.filter { configuration.endpointQuestions.contains($0.key) }
        for endpoint in configuration.upstreams.flatMap(\.endpoints) {
            guard let question = endpoint.question, let answer = answers[question] else { continue }
            switch answer {
            case .found(let addresses, _): book[question] = addresses
            case .failed(let reason): throw StartError(unresolved: question, reason)
            }
        }
        return book
    }

    /// - Returns: for each upstream at least one endpoint, in the order of the configuration.
    /// - Throws: when a name is not in the book.
    static func resolve(
        _ configuration: Configuration, _ names: NameBook
    ) throws(StartError) -> [[ResolvedEndpoint]] {
        var resolved: [[ResolvedEndpoint]] = []
        for upstream in configuration.upstreams {
            var endpoints: [ResolvedEndpoint] = []
            for endpoint in upstream.endpoints { endpoints += try resolve(endpoint, names) }
            resolved.append(endpoints)
        }
        return resolved
    }

    private static func resolve(
        _ endpoint: Configuration.Endpoint, _ names: NameBook
    ) throws(StartError) -> [ResolvedEndpoint] {
        let found: [NamedAddress]
        switch (endpoint.place, endpoint.question) {
        case (_, .some(let question)):
            guard let known = names[question] else {
                throw StartError(unresolved: question, "it was not asked for")
            }
            found = known
        case (.address(let text), .none):
            found = try HostResolver.connectAddresses(text).map { NamedAddress(address: $0) }
        case (.service, .none): found = []
        }
        return found.map { named in
            let numeric = "\(named.address)"
            let text = endpoint.text
            return ResolvedEndpoint(
                address: AddressReference(keeping: named.address), key: numeric,
                name: numeric == text ? numeric : "\(text) (\(numeric))", host: endpoint.host,
                weight: min(endpoint.weight * Int(named.weight), Int(UInt16.max)))
        }
    }
}

extension StartError {
    /// - Parameter reason: as half a sentence.
    init(unresolved question: NameQuestion, _ reason: String) {
        switch question {
        case .host(let name, let port):
            self.init("cannot resolve '\(name)' (from \(name):\(port)): \(reason)")
        case .service(let name):
            self.init("cannot resolve '\(name)' (SRV): \(reason)")
        }
    }
}

extension Configuration {
    /// The names of all endpoints.
    var endpointQuestions: Set<NameQuestion> {
        Set(upstreams.flatMap(\.endpoints).compactMap(\.question))
    }
}

extension Configuration.Endpoint {
    /// What has to be asked for its addresses; `nil` when it is one.
    var question: NameQuestion? {
        switch place {
        case .address(let text): text.question
        case .service(let name): .service(name)
        }
    }

    /// What a Host field says of it: of a service the domain, without `_service._protocol`.
    fileprivate var host: String {
        switch place {
        case .address(let text): text.authority
        case .service(let name):
            name.split(separator: ".").drop { $0.hasPrefix("_") }.joined(separator: ".")
        }
    }
}
