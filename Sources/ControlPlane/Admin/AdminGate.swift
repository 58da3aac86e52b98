// Who may ask anything at the admin address. Pure.

internal import Protocols

/// The checks in front of every request.
package struct AdminGate: Sendable {
    /// How a client got here.
    package enum Door: Equatable, Sendable {
        /// The socket file's mode has let it through.
        case unixSocket
        /// Any program of this machine, and any page in a browser on it.
        case loopback
        case network
    }

    private let token: AdminToken?

    /// - Parameter token: asked for at every door but the Unix socket's.
    package init(token: AdminToken?) {
        self.token = token
    }

    /// Whether a door may be opened at all.
    package func allows(_ door: Door) -> Bool { door != .network || token != nil }

    /// The answer to who may not ask; `nil` for who may.
    package func refusal(of request: AdminRequest, at door: Door) -> AdminResponse? {
        if door == .unixSocket { return nil }
        let route = AdminRoute.named(request.path)
        let isProbe = route?.isProbe ?? false
        // Some load balancers say no Host at all, but every browser says one.
        let isHostless = isProbe && request.host.isEmpty
        // A page of another site can make a browser resolve that site's name to 127.0.0.1 (DNS
        // rebinding), but not make it say another Host.
        if door == .loopback, !isHostless, !Self.isThisMachine(request.host) {
            return .failure(
                421, "Host has to be an address of this machine or localhost"
            ).closing()
        }
        // A page may also send simple requests to an address that it cannot read answers from.
        if let origin = request.origin, !Self.isOrigin(origin, of: request.host) {
            return .failure(403, "Origin is another site").closing()
        }
        // Neither a load balancer nor a browser that is yet to get the page has a token.
        let isOpen = isProbe || route == .page
        guard let token, !isOpen, !token.matches(credentials: request.authorization) else {
            return nil
        }
        var response = AdminResponse.failure(401, "the token is missing or wrong").closing()
        response.fieldLines = ["WWW-Authenticate: Bearer realm=\"gyre\""]
        return response
    }

    /// Whether a host, maybe with a port, is an address or `localhost`: names are what others can
    /// make point here.
    private static func isThisMachine(_ host: String) -> Bool {
        var name = Substring(host)
        if name.first == "[" {
            guard let end = name.firstIndex(of: "]") else { return false }
            let rest = name[end...].dropFirst()
            return (rest.isEmpty || rest.first == ":")
                && IPText.isIPv6(name[..<end].dropFirst().utf8)
        }
        if let colon = name.lastIndex(of: ":") { name = name[..<colon] }
        return IPText.isIPv4(name.utf8) || name.lowercased() == "localhost"
    }

    private static func isOrigin(_ origin: String, of host: String) -> Bool {
        ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
    }
}
