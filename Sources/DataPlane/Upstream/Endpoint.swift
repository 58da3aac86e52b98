// The endpoints a worker forwards to: part of the immutable snapshot that all workers share.

internal import Protocols

/// One address that serves the upstream.
package struct Endpoint: Sendable {
    /// Where to connect.
    package let address: AddressReference
    /// How the operator wrote it, for messages.
    package let name: String
    /// What a Host field says of it.
    package let host: String

    package init(address: AddressReference, name: String, host: String) {
        self.address = address
        self.name = name
        self.host = host
    }
}

/// What a Host field says for each endpoint (RFC 9110 section 7.2).
struct EndpointNames: ~Copyable {
    private let bytes: FixedTable<UInt8>
    private let ends: FixedTable<Int>

    init(_ endpoints: [Endpoint]) {
        let names = endpoints.map(\.host)
        bytes = FixedTable(names.flatMap(\.utf8))
        ends = FixedTable(names.indices.map { names[...$0].reduce(0) { $0 + $1.utf8.count } })
    }

    /// Appends the name of the endpoint at `position`.
    func append(_ position: Int, to writer: inout HeadWriter) {
        writer.append(bytes.span, (position == 0 ? 0 : ends[position - 1])..<ends[position])
    }
}
