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
    /// What it is called everywhere and for ever, for hashes: the text of its address.
    package let key: String
    /// Its share relative to the others, 0 to 65,535; at 0 it gets nothing new.
    package let weight: UInt16

    package init(
        id: UInt32, address: AddressReference, name: String, host: String, key: String? = nil,
        weight: UInt16 = 1
    ) {
        self.id = id
        self.address = address
        self.name = name
        self.host = host
        self.key = key ?? name
        self.weight = weight
    }
}
