// curl with everything it can ask of a proxy.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct CurlClient {
        private static let script = "HTTP/behaving_origin.py"
        private static let bigBytes = 16 << 20

        @Test(arguments: Backend.usable)
        func everyVersionAndMethodWorks(_ backend: Backend) throws {
            let origin = try ScriptedOrigin(Self.script)
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let url = gyre.url("/inspect?a=b&c=%20d")
            for version in ["--http1.0", "--http1.1"] {
                let report = try inspect([version, url])
                #expect(report["method"] as? String == "GET")
                #expect(report["target"] as? String == "/inspect?a=b&c=%20d")
                #expect(report["version"] as? String == "HTTP/1.1", "to the origin always 1.1")
            }
            for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
                let report = try inspect(["-X", method, "--data-binary", "text", url])
                #expect(report["method"] as? String == method)
                #expect(report["bytes"] as? Int == 4)
            }
            let head = try Curl.fetch(["--head", url])
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(head.hasSuffix("\r\n\r\n"))
            // Many URLs of one curl go over one connection.
            let many = try Curl.fetch(
                ["--write-out", "%{num_connects}"]
                    + Array(repeating: gyre.url("/bytes/3"), count: 9))
            #expect(many == "bbb1" + String(repeating: "bbb0", count: 8))
        }

        @Test(arguments: Backend.usable)
        func expectationIsPassedThrough(_ backend: Backend) throws {
            let origin = try ScriptedOrigin(Self.script)
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let file = try BodyFile(bytes: 300_000)
            let expecting = ["--include", "--header", "Expect: 100-continue", "-T", file.path]
            let accepted = try Curl.fetch(expecting + [gyre.url("/sha256")])
            #expect(accepted.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
            #expect(accepted.hasSuffix(file.digest))
            // The origin says no, at once; curl then does not send what it kept back.
            for path in ["/refuse/413", "/refuse-and-close/413"] {
                let refused = try Curl(
                    ["--write-out", " %{size_upload}", "--expect100-timeout", "9"] + expecting
                        + [gyre.url(path)])
                #expect(refused.status == .exited(0), "\(refused.errorOutput)")
                #expect(refused.output.hasPrefix("HTTP/1.1 413 Refused\r\n"))
                #expect(refused.output.hasSuffix("refused 0"))
            }
        }

        @Test(arguments: Backend.usable)
        func largeBodiesArriveIntactHoweverFramed(_ backend: Backend) throws {
            let origin = try ScriptedOrigin(Self.script)
            let nginx = try NginxOrigin(bigBytes: Self.bigBytes)
            let toScript = try GyreProcess(http: origin.address, backend: backend)
            let gyre = try GyreProcess(http: nginx.address, backend: backend)
            let big = nginx.file("/big")
            let digest = try Curl.digest(ofFile: big)
            let chunked = ["--header", "Transfer-Encoding: chunked"]
            for options in [[], chunked, ["--http1.0"], chunked + ["--header", "Expect:"]] {
                let seen = try Curl.fetch(options + ["-T", big, toScript.url("/sha256")])
                #expect(seen == digest, "\(options)")
            }
            let directory = try TemporaryDirectory()
            let copy = directory.file("copy")
            _ = try Curl.fetch(chunked + ["-T", big, "-o", copy, toScript.url("/echo")])
            #expect(try Curl.digest(ofFile: copy) == digest)
            _ = try Curl.fetch(["-T", big, gyre.url("/stored/copy")])
            #expect(try Curl.digest(ofFile: nginx.file("/stored/copy")) == digest)
            for version in ["--http1.0", "--http1.1"] {
                _ = try Curl.fetch([version, "-o", copy, gyre.url("/big")])
                #expect(try Curl.digest(ofFile: copy) == digest)
            }
        }

        @Test(arguments: Backend.usable)
        func rangesAndValidatorsWork(_ backend: Backend) throws {
            let nginx = try NginxOrigin(bigBytes: 1 << 20)
            let gyre = try GyreProcess(http: nginx.address, backend: backend)
            let whole = FileManager.default.contents(atPath: nginx.file("/big")) ?? Data()
            let directory = try TemporaryDirectory()
            let part = directory.file("part")
            let status = try Curl.fetch(
                ["-r", "70000-899999", "-o", part, "-w", "%{http_code}", gyre.url("/big")])
            #expect(status == "206")
            #expect(FileManager.default.contents(atPath: part) == whole[70_000..<900_000])
            // Interrupted and resumed.
            _ = try Curl.fetch(["-r", "0-499999", "-o", part, gyre.url("/big")])
            _ = try Curl.fetch(["-C", "-", "-o", part, gyre.url("/big")])
            #expect(FileManager.default.contents(atPath: part) == whole)
            let head = try Curl.fetch(["--head", gyre.url("/small")])
            #expect(head.contains("Content-Length: 64\r\n"))
            let tag = try #require(head.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") })
            let unchanged = try Curl.fetch([
                "--include", "--header", "If-None-Match: \(tag.dropFirst(6))", gyre.url("/small"),
                gyre.url("/small"),
            ])
            // A 304 has no body, and the connection goes on behind it.
            #expect(unchanged.hasPrefix("HTTP/1.1 304 Not Modified\r\n"))
        }

        @Test(arguments: Backend.usable)
        func everyFramingOfAnAnswerReachesBothVersions(_ backend: Backend) throws {
            let origin = try ScriptedOrigin(Self.script)
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let answers = [
                ("/bytes/100000", String(repeating: "b", count: 100_000)),
                ("/bytes/0", ""),
                ("/chunked/300/1000", String(repeating: "c", count: 300_000)),
                ("/chunked/0/1", ""),
                ("/until-close/100000", String(repeating: "u", count: 100_000)),
                ("/until-close/0", ""),
                ("/trailers", "hello"),
                ("/interim", "final"),
                ("/drip/20/5", String(repeating: "d", count: 20)),
                ("/delay/100", "late"),
                ("/huge-head/30000", "huge"),
                ("/close-after", "bye"),
                ("/status/204", ""),
            ]
            for version in ["--http1.0", "--http1.1"] {
                for (path, body) in answers {
                    // Twice: a connection may have been kept, or must not have been.
                    let text = try Curl.fetch([version, gyre.url(path), gyre.url(path)])
                    #expect(text == body + body, "\(version) \(path)")
                }
            }
        }

        private func inspect(_ arguments: [String]) throws -> [String: Any] {
            let text = try Curl.fetch(arguments)
            let report = try JSONSerialization.jsonObject(with: Data(text.utf8))
            return try #require(report as? [String: Any])
        }
    }
}

/// A file of a pattern, to be uploaded.
private struct BodyFile {
    let path: String
    let digest: String
    private let directory: TemporaryDirectory

    init(bytes: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.file("body")
        let data = Data(Pattern(seed: 61).bytes(at: 0, count: bytes / 2))
        try (data + data).write(to: URL(fileURLWithPath: path))
        digest = try Curl.digest(ofFile: path)
    }
}
