// The endpoints a worker forwards to: part of the immutable snapshot that all workers share.

/// One address that serves the upstream.
package struct Endpoint: Sendable {
    /// Where to connect.
    package let address: AddressReference
    /// How the operator wrote it, for messages.
    package let name: String

    package init(address: AddressReference, name: String) {
        self.address = address
        self.name = name
    }
}

/// Addresses by position, for the data path, which never touches an `Array` or a `String`.
@safe
struct EndpointTable: ~Copyable {
    private let addresses: UnsafeMutablePointer<AddressReference>

    let count: Int

    init(_ endpoints: [Endpoint]) {
        precondition(!endpoints.isEmpty)
        count = endpoints.count
        unsafe addresses = .allocate(capacity: count)
        for (position, endpoint) in endpoints.enumerated() {
            unsafe (addresses + position).initialize(to: endpoint.address)
        }
    }

    deinit {
        unsafe addresses.deallocate()
    }

    subscript(position: Int) -> AddressReference {
        precondition(position >= 0 && position < count)
        return unsafe addresses[position]
    }
}
