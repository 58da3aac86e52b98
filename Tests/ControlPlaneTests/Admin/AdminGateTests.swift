// Who may ask: tokens, hosts that a browser was lured to, pages of other sites.

import ControlPlane
import Protocols
import Testing

@Suite struct AdminGateTests {
    private static let secret = "0123456789abcdef"

    private func status(
        at door: AdminGate.Door, token: String? = nil,
        _ change: (inout AdminRequest) -> Void = { _ in }
    ) throws -> UInt16? {
        let gate = AdminGate(token: try token.map { try AdminToken(parsing: $0) })
        var request = AdminRequest(.get, "/v1/status")
        request.host = "127.0.0.1:9901"
        change(&request)
        return gate.refusal(of: request, at: door)?.status
    }

    @Test func theSocketFileIsItsOwnGate() throws {
        #expect(try status(at: .unixSocket, token: Self.secret) == nil)
        #expect(try status(at: .unixSocket) { $0.host = "anything" } == nil)
    }

    @Test func otherMachinesNeedAToken() throws {
        #expect(!AdminGate(token: nil).allows(.network))
        #expect(AdminGate(token: nil).allows(.loopback))
        #expect(AdminGate(token: try AdminToken(parsing: Self.secret)).allows(.network))
    }

    @Test(arguments: [AdminGate.Door.loopback, .network])
    func theTokenHasToBeRight(door: AdminGate.Door) throws {
        for right in ["Bearer \(Self.secret)", "bearer \(Self.secret)", "BEARER  \(Self.secret)"] {
            #expect(try status(at: door, token: Self.secret) { $0.authorization = right } == nil)
        }
        let wrong = [
            nil, "", "Bearer", "Bearer ", Self.secret, "Basic \(Self.secret)",
            "Bearer \(Self.secret)0", "Bearer \(Self.secret.dropLast())", "Bearer0\(Self.secret)",
            "Bearer 1123456789abcdef", "Bearer 0123456789abcdeF",
            "Bearer \(Self.secret), Bearer \(Self.secret)",
        ]
        for credentials in wrong {
            let status = try status(at: door, token: Self.secret) {
                $0.authorization = credentials
            }
            #expect(status == 401, "\(credentials ?? "nothing")")
        }
    }

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:9901", "localhost", "LOCALHOST:1", "[::1]", "[::1]:9901",
        "10.1.2.3:80",
    ])
    func addressesAreNoRebinding(host: String) throws {
        #expect(try status(at: .loopback) { $0.host = host } == nil)
    }

    @Test(arguments: [
        "", "evil.example", "evil.example:9901", "localhost.evil.example", "127.0.0.1.evil.example",
        "[::1].evil.example", "[evil", "0x7f000001", "127.1",
    ])
    func namesMayBeRebound(host: String) throws {
        #expect(try status(at: .loopback) { $0.host = host } == 421)
    }

    @Test func pagesOfOtherSitesAreRefused() throws {
        for origin in ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:9902"] {
            #expect(try status(at: .loopback) { $0.origin = origin } == 403, "\(origin)")
        }
        #expect(try status(at: .loopback) { $0.origin = "http://127.0.0.1:9901" } == nil)
    }

    @Test func tokensAreChecked() throws {
        for text in ["", "short", "0123456789abcde", String(repeating: "a", count: 257)] {
            #expect(throws: AdminTokenError.badLength(text.utf8.count)) {
                try AdminToken(parsing: text)
            }
        }
        for text in ["0123456789abcde ", "0123456789abcde\n", "0123456789abcdé"] {
            #expect(throws: AdminTokenError.badByte) { try AdminToken(parsing: text) }
        }
        _ = try AdminToken(parsing: "aZ09-._~+/==aaaaa")
    }

    /// Load balancers and kubelets have no token, and some say no Host.
    @Test(arguments: ["/livez", "/readyz"])
    func probesNeedNoToken(_ path: String) throws {
        for door in [AdminGate.Door.loopback, .network] {
            #expect(try status(at: door, token: Self.secret) { $0.path = path } == nil)
            let hostless = try status(at: door, token: Self.secret) { request in
                request.path = path
                request.host = ""
            }
            #expect(hostless == nil)
        }
        // A page in a browser is no probe.
        let rebound = try status(at: .loopback) { request in
            request.path = path
            request.host = "evil.example"
        }
        #expect(rebound == 421)
        let posted = try status(at: .loopback) { request in
            request.path = path
            request.origin = "http://evil.example"
        }
        #expect(posted == 403)
        #expect(try status(at: .loopback) { $0.host = "" } == 421)
    }
}
