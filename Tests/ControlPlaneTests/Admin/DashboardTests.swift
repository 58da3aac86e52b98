// The dashboard's files over the admin server: what is built in is what lies in the sources, and a
// browser is told to trust nothing else. What the page does is tested in a browser.

import ControlPlane
import Foundation
import IntegrationSupport
import Testing

@Suite struct DashboardTests {
    private static let secret = "0123456789abcdef"
    private static let folder = "\(Product.root)/Sources/CDashboard/Page"

    private static func fetch(
        _ path: String, method: String = "GET", host: String = "localhost"
    ) throws -> HTTPResponse {
        let target = ScriptedTarget()
        let options = AdminOptions(
            address: .host("127.0.0.1", port: 0), token: try AdminToken(parsing: secret))
        let sockets = try AdminSockets.open(options)
        let address = try #require(sockets.addresses.first.flatMap { PeerAddress("\($0)") })
        let server = try AdminServer.start(sockets, token: options.token, target: target)
        defer { server.stop() }
        return try HTTPStream(try Connection(to: address)).exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n",
            method: method)
    }

    static let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []

    @Test func thereAreFiles() { #expect(Self.files.count > 10) }

    /// Without the token: a browser could not send it.
    @Test(arguments: files)
    func whatIsServedIsWhatLiesThere(name: String) throws {
        let path = name == "dashboard.html" ? "/" : "/dashboard/\(name)"
        let response = try Self.fetch(path)
        #expect(response.status == 200)
        let bytes = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(name)"))
        #expect(response.body == [UInt8](bytes), "\(name) was changed and not built anew")
        let types = ["html": "text/html", "css": "text/css", "js": "text/javascript"]
        let type = try #require(types[String(name.split(separator: ".").last ?? "")])
        #expect(response.head.values("content-type") == ["\(type); charset=utf-8"])
        #expect(response.head.values("x-content-type-options") == ["nosniff"])
        #expect(response.head.values("x-frame-options") == ["DENY"])
        #expect(response.head.values("referrer-policy") == ["no-referrer"])
        let policy = try #require(response.head.values("content-security-policy").first)
        let parts = Set(policy.split(separator: "; ").map(String.init))
        #expect(
            parts == [
                "default-src 'none'", "script-src 'self'", "style-src 'self'",
                "connect-src 'self'", "img-src 'self' data:", "base-uri 'none'",
                "form-action 'none'", "frame-ancestors 'none'",
            ])
    }

    /// What a policy would forbid is not in the page, and nothing is loaded from elsewhere.
    @Test(arguments: files)
    func filesNeedNothingElse(name: String) throws {
        let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
        for banned in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "@import",
            " style=\"", " onclick=", "<style",
        ] {
            #expect(!text.contains(banned), "\(name) has \(banned)")
        }
        let outside = text.matches(of: /https?:\/\/[^'" ]+/).map { String($0.output) }
        #expect(outside.allSatisfy { $0 == "http://www.w3.org/2000/svg" }, "\(outside)")
        let named = text.matches(of: /(?:dashboard|\.)\/([a-z]+\.(?:js|css))/)
        for match in named { #expect(Self.files.contains(String(match.output.1))) }
    }

    @Test func nothingElseIsOpen() throws {
        #expect(try Self.fetch("/", method: "HEAD").status == 200)
        #expect(try Self.fetch("/?from=a-bookmark").status == 200)
        // Without a token, who asks is not told what there is.
        for path in ["/dashboard", "/dashboard/", "/dashboard/dashboard.html", "/dashboard/../"] {
            #expect(try Self.fetch(path).status == 401, "\(path)")
        }
        #expect(try Self.fetch("/", method: "POST").status == 405)
        #expect(try Self.fetch("/", host: "evil.example").status == 421)
    }
}
