// What the endpoints of the configuration stand for once their names are resolved.

package import DataPlane

/// An address that an endpoint of the configuration stands for.
package struct ResolvedEndpoint: Sendable {
    package let address: AddressReference
    /// The address as text: what tells it from other endpoints of its upstream, here and in every
    /// other instance.
    package let key: String
    /// How it is called in messages.
    package let name: String
    /// What a Host field says of it.
    package let host: String
    /// 1 to 65,535.
    package let weight: Int

    package init(
        address: AddressReference, key: String, name: String, host: String, weight: Int
    ) {
        self.address = address
        self.key = key
        self.name = name
        self.host = host
        self.weight = weight
    }
}
