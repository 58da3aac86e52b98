// The endpoints a worker forwards to, as the control plane describes them.

/// One address that serves an upstream.
package struct Endpoint: Sendable {
    /// Below `SiteLimits.endpointsMax`.
    package var id: UInt32
    /// Where to connect.
    package let address: AddressReference
    /// How the operator wrote it, for messages.
    package let name: String
    /// What a Host field says of it.
    package let host: String

    package init(id: UInt32, address: AddressReference, name: String, host: String) {
        self.id = id
        self.address = address
        self.name = name
        self.host = host
    }
}
