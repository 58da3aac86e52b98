// Endpoints that cannot be reached or do not do their part: the next one where there is one, else
// an answer that says what was wrong.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct UpstreamFailures {
        @Test(arguments: Backend.modes)
        func requestsTakeTurns(_ backend: Backend) throws {
            let origins = try ["a", "b", "c"].map { try HTTPOrigin(named: $0) }
            let gyre = try GyreProcess(
                http: origins.map(\.address), backend: backend, options: ["--workers", "1"])
            let client = try gyre.client()
            let answers = try (0..<30).map { _ in try client.get("/").text }
            for name in ["a", "b", "c"] { #expect(answers.count { $0 == name } == 10) }
            // Requests and not connections: three in a row are three different ones.
            #expect(Set(answers.prefix(3)).count == 3 && Set(answers.suffix(3)).count == 3)
            #expect(origins.allSatisfy { $0.accepted == 1 })
        }

        @Test(arguments: Backend.modes)
        func refusedConnectionsGoOnToTheNext(_ backend: Backend) throws {
            let refusing = try (0..<2).map { _ in try Listener(refuses: true) }
            let origin = try HTTPOrigin {
                .ok(String(decoding: $0.request.body, as: UTF8.self))
            }
            let gyre = try GyreProcess(
                http: [refusing[0].address, origin.address, refusing[1].address],
                backend: backend)
            for number in 0..<12 {
                // Nothing has been sent where connecting failed, so any request may go on.
                let response = try gyre.client().exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\(10 + number)")
                #expect(response.text == "\(10 + number)")
            }
            #expect(origin.requests.count == 12)
        }

        /// The rest of the request is there already, or comes while connecting.
        @Test(arguments: Backend.modes)
        func largeRequestsGoOnToTheNextWhole(_ backend: Backend) throws {
            let silent = try SilentEndpoint()
            let origin = try HTTPOrigin { .ok("\($0.request.body.count)") }
            let gyre = try GyreProcess(
                http: [silent.address, origin.address], backend: backend,
                options: ["--connect-timeout", "500ms", "--workers", "1"])
            let body = String(repeating: "b", count: 3 << 20)
            let length = "\(body.utf8.count)"
            let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n\(body)"
            for _ in 0..<2 {
                let client = try gyre.client()
                let sender = Background { try client.send(request) }
                #expect(try client.readResponse().text == length)
                try sender.value()
            }
        }

        @Test(arguments: Backend.modes)
        func everyFailureHasItsStatusAndReason(_ backend: Backend) throws {
            let refusing = try Listener(refuses: true)
            let silent = try SilentEndpoint()
            let origin = try ScriptedOrigin("HTTP/behaving_origin.py")
            let missing = PeerAddress.unix(path: "/nonexistent/gyre.socket")
            let scripted = origin.address
            let failures: [(address: PeerAddress, path: String, status: Int, error: String)] = [
                (refusing.address, "/", 502, "connection_refused"),
                (missing, "/", 502, ""),
                (silent.address, "/", 504, "connection_timeout"),
                (scripted, "/garbage", 502, "http_protocol_error"),
                (scripted, "/reset", 502, "connection_terminated"),
                (scripted, "/huge-head/70000", 502, "http_response_header_section_size"),
                (scripted, "/never", 504, "http_response_timeout"),
            ]
            for failure in failures {
                let gyre = try GyreProcess(
                    http: failure.address, backend: backend,
                    options: ["--connect-timeout", "500ms", "--response-timeout", "500ms"])
                let client = try gyre.client()
                let start = ContinuousClock.now
                let response = try client.get(failure.path)
                let took = ContinuousClock.now - start
                #expect(response.status == failure.status, "\(failure)")
                #expect(response.head["Server"] == "gyre", "\(failure)")
                let status = response.head["Proxy-Status"] ?? ""
                #expect(status.hasPrefix("gyre; error=\(failure.error)"), "\(failure): \(status)")
                #expect(status.contains("details=\""), "\(failure): \(status)")
                #expect(took < .seconds(2), "\(failure)")
                #expect(failure.status == 502 || took > .seconds(0.4), "\(failure)")
                // The client may ask again, and HEAD gets the same head.
                let again = try client.exchange(
                    "HEAD \(failure.path) HTTP/1.1\r\nHost: a\r\n\r\n", method: "HEAD")
                #expect(again.status == failure.status, "\(failure)")
            }
        }

        /// The head of the answer went out; all that is left is to end the connection, in a way
        /// that shows that the answer is not whole.
        @Test(arguments: Backend.modes)
        func answersThatBreakOffAreSeenToBreakOff(_ backend: Backend) throws {
            let origin = try ScriptedOrigin("HTTP/behaving_origin.py")
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            for path in ["/cut/1000000", "/cut-chunks/1000000", "/cut/2", "/cut-chunks/1"] {
                for version in ["--http1.1", "--http1.0"] {
                    let curl = try Curl([version, gyre.url(path)])
                    // To HTTP/1.0 a chunked body goes on until the end, so only a reset can tell.
                    let code = curl.status
                    #expect(code == .exited(18) || code == .exited(56), "\(path) \(version)")
                    #expect(curl.output.allSatisfy { $0 == "h" })
                }
            }
            origin.process.signal(SIGTERM)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 1)
        }

        /// A body that only the end of its connection delimits is whole only if that end is.
        @Test(arguments: Backend.modes)
        func resetIsNotTheEndOfABody(_ backend: Backend) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(http: listener.address, backend: backend)
            let client = try gyre.client()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let origin = HTTPStream(try listener.accept())
            _ = try origin.readRequest()
            try origin.send("HTTP/1.1 200 OK\r\n\r\nhalf of it")
            let head = try client.readHead()
            pause(0.05)
            origin.connection.reset()
            let rest = client.readToEnd()
            let text = String(decoding: rest.bytes, as: UTF8.self)
            if head.has("chunked", in: "Transfer-Encoding") {
                #expect(!text.hasSuffix("0\r\n\r\n"), "\(text)")
            } else {
                #expect(!rest.isOrderly, "\(text)")
            }
        }
    }
}
