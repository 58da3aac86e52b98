// What is asked about names and what comes of it: plain values.

package import DataPlane
package import Protocols

/// A name whose addresses are wanted.
package enum NameQuestion: Hashable, Sendable {
    /// The addresses of a host (A and AAAA), each with this port.
    case host(String, port: UInt16)
    /// The places of a service (SRV, RFC 2782), for example `_http._tcp.example.org`.
    case service(String)
}

extension NameQuestion: CustomStringConvertible {
    package var description: String {
        switch self {
        case .host(let name, let port): "\(name):\(port)"
        case .service(let name): name
        }
    }
}

extension AddressText {
    /// What has to be asked for its addresses; `nil` when it has one already.
    package var question: NameQuestion? {
        guard case .host(let name, let port) = self, !IPText.isIPv4(name[...].utf8) else {
            return nil
        }
        return .host(name, port: port)
    }
}

/// One address behind a name.
package struct NamedAddress: Equatable, Sendable {
    package let address: SocketAddress
    /// The share of the work, at least 1.
    package let weight: UInt16

    package init(address: SocketAddress, weight: UInt16 = 1) {
        self.address = address
        self.weight = weight
    }
}

/// What happened to a name. Each is told once.
package enum NameEvent: Equatable, Sendable {
    /// It has other addresses than before: all of them, in a fixed order, none twice, never none.
    case changed([NamedAddress])
    /// There is no answer; the last addresses stay. Why, as half a sentence.
    case failing(String)
    /// There is an answer again.
    case recovered
}

/// How one round of asking came out.
enum NameAnswer: Equatable, Sendable {
    case found([NamedAddress], lifetimeMs: UInt64)
    case failed(String)
}

/// One question to a server.
enum Lookup: Hashable, Sendable {
    case ipv4(String)
    case ipv6(String)
    case service(String)

    var name: String {
        switch self {
        case .ipv4(let name), .ipv6(let name), .service(let name): name
        }
    }
}

/// What a server said.
enum LookupOutcome: Equatable, Sendable {
    /// Addresses without a port.
    case addresses([SocketAddress], lifetimeMs: UInt64)
    case services(ServiceRecords)
    /// The name, or this kind of record of it, is decidedly not there.
    case nothing
    case failed(String)
}
