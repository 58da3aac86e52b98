// What happens to fields on their way: which are taken out, which are added, and that all others
// pass as they are.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct Fields {
        /// Sends one request through a new gyre.
        ///
        /// - Returns: the head the origin got.
        private func forwarded(
            _ request: String, backend: Backend, options: [String] = [], from front: String? = nil
        ) throws -> HTTPHead {
            let origin = try HTTPOrigin { _ in .ok("") }
            let gyre = try GyreProcess(
                http: [origin.address], backend: backend, listen: [front ?? "127.0.0.1:0"],
                options: options)
            let response = try gyre.client().exchange(request)
            #expect(response.status == 200)
            return try #require(origin.requests.first).request.head
        }

        /// Allowed, but somebody reads it as octal: both sides get the plain number.
        @Test(arguments: Backend.usable)
        func lengthsWithLeadingZerosAreWrittenAnew(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in
                .keep("HTTP/1.1 200 OK\r\nContent-Length: 0011\r\n\r\nelevenbytes")
            }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let response = try gyre.client().exchange(
                "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 00012\r\n\r\ntwelve bytes")
            #expect(response.head.values("Content-Length") == ["11"])
            #expect(response.text == "elevenbytes")
            let received = try #require(origin.requests.first).request
            #expect(received.head.values("Content-Length") == ["12"])
            #expect(received.body == Array("twelve bytes".utf8))
        }

        @Test(arguments: Backend.usable)
        func everythingElsePassesAsItIs(_ backend: Backend) throws {
            let fields = [
                "Host: example.test:8080", "user-agent: x", "ACCEPT: a, b;q=0.1", "X-Empty:",
                "X-Twice: 1", "Cookie: a=b; c=\"d\"", "x-tWICE: 2", "X-Bytes: \u{E9}\u{FF}\u{80}",
                "X-Tab: a\tb", "!#$%&'*+-.^_`|~9: tokens", "Authorization: Basic eDp5",
                "X-Colons: a:b::c", "Referer: http://a.test/?q=1",
            ]
            let origin = try HTTPOrigin { _ in
                .ok(
                    "",
                    fields: "sErVeR: mine\r\nSet-Cookie: a=1\r\nX-R: 1\r\nset-cookie: b=2\r\n"
                        + "X-r: 2\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\nX-Empty:\r\n")
            }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--forwarded", "none"])
            let client = try gyre.client()
            // Each line as Latin-1, so that a scalar is a byte.
            let text = "GET /p%41th?q=/..//;x#".dropLast() + " HTTP/1.1\r\n"
            let request = text + fields.joined(separator: "\r\n") + "\r\n\r\n"
            try client.send(request.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
            let response = try client.readResponse()
            let seen = try #require(origin.requests.first).request.head
            #expect(seen.startLine == "GET /p%41th?q=/..//;x HTTP/1.1")
            let lines = seen.fields.map {
                $0.value.isEmpty ? "\($0.name):" : "\($0.name): \($0.value)"
            }
            #expect(lines == fields)
            let answered = response.head.fields.filter { $0.name != "Content-Length" }.map(\.name)
            #expect(
                answered == ["sErVeR", "Set-Cookie", "X-R", "set-cookie", "X-r", "Date", "X-Empty"])
            #expect(response.head["date"] == "Tue, 15 Nov 1994 08:12:31 GMT")
            #expect(response.head.values("Set-Cookie") == ["a=1", "b=2"])
        }

        @Test(arguments: Backend.usable)
        func hopByHopFieldsEndHere(_ backend: Backend) throws {
            let hopByHop =
                "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX-Hop: 1\r\nx-hop: 2\r\n"
                + "Connection: keep-alive, X-Hop ,x-other\r\nX-Other: 3\r\nX-Stays: 4\r\n"
            let origin = try HTTPOrigin { _ in .ok("ok", fields: hopByHop) }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let response = try gyre.client().exchange(
                "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\(hopByHop)\r\n")
            let seen = try #require(origin.requests.first).request.head
            for head in [seen, response.head] {
                for name in ["Keep-Alive", "Proxy-Connection", "X-Hop", "X-Other", "Upgrade"] {
                    #expect(head.values(name) == [], "\(name)")
                }
                #expect(!head.has("x-hop", in: "Connection"))
                #expect(!head.has("x-other", in: "Connection"))
                #expect(head["X-Stays"] == "4")
            }
            // TE is for the next hop alone and needs to be named when it is passed on.
            #expect(seen.values("TE") == [] || seen.has("te", in: "Connection"))
        }

        /// Connection must not take away what delimits or routes a message, nor what we add.
        @Test(arguments: Backend.usable)
        func connectionCannotRemoveWhatMatters(_ backend: Backend) throws {
            let names = [
                "Content-Length", "Host", "X-Forwarded-For", "X-Forwarded-Proto",
                "Content-Length, Host",
            ]
            for name in names {
                let origin = try HTTPOrigin { _ in .ok("") }
                let gyre = try GyreProcess(http: origin.address, backend: backend)
                let response = try gyre.client().exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nConnection: \(name)\r\n"
                        + "Content-Length: 3\r\n\r\nabc")
                if response.status == 400 {
                    #expect(origin.requests.isEmpty, "\(name)")
                    continue
                }
                #expect(response.status == 200, "\(name)")
                let seen = try #require(origin.requests.first, "\(name)").request
                #expect(String(decoding: seen.body, as: UTF8.self) == "abc", "\(name)")
                #expect(seen.head["Host"] == "a", "\(name)")
                #expect(seen.head["X-Forwarded-For"] == "127.0.0.1", "\(name)")
                #expect(seen.head["X-Forwarded-Proto"] == "http", "\(name)")
            }
        }

        /// What a client that is not trusted says of others is replaced.
        private static let spoofed =
            "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 1.2.3.4\r\n"
            + "x-forwarded-for: 5.6.7.8\r\nX-Forwarded-Proto: https\r\n"
            + "X-Forwarded-Host: evil.test\r\nForwarded: for=1.2.3.4;proto=https\r\n\r\n"

        @Test(arguments: Backend.usable)
        func forwardedFieldsFollowThePolicy(_ backend: Backend) throws {
            for policy in ["x-forwarded", "both"] {
                let seen = try forwarded(
                    Self.spoofed, backend: backend, options: ["--forwarded", policy])
                #expect(seen.values("X-Forwarded-For") == ["127.0.0.1"], "\(policy)")
                #expect(seen.values("X-Forwarded-Proto") == ["http"], "\(policy)")
                #expect(seen.values("X-Forwarded-Host") == ["a.test"], "\(policy)")
            }
            for policy in ["forwarded", "both"] {
                let seen = try forwarded(
                    Self.spoofed, backend: backend, options: ["--forwarded", policy])
                let values = seen.values("Forwarded")
                #expect(values.count == 1, "\(policy)")
                // Quotes are optional around a token (RFC 7239 section 4).
                let pairs = values.first?.replacing("\"", with: "").split(separator: ";") ?? []
                #expect(Set(pairs) == ["for=127.0.0.1", "host=a.test", "proto=http"], "\(policy)")
            }
            let plain = try forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n", backend: backend)
            #expect(plain.values("X-Forwarded-For") == ["127.0.0.1"])
            #expect(plain.values("Forwarded") + plain.values("Via") == [])
            let silent = try forwarded(
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n", backend: backend,
                options: ["--forwarded", "none"])
            #expect(silent.fields.map(\.name) == ["Host"])
        }

        /// Also the form that the policy does not write: the origin may believe either.
        @Test(arguments: Backend.modes, ["x-forwarded", "forwarded", "both"])
        func nothingUntrustedReachesTheOrigin(_ backend: Backend, policy: String) throws {
            let seen = try forwarded(
                Self.spoofed, backend: backend, options: ["--forwarded", policy])
            let text = seen.description
            for lie in ["1.2.3.4", "5.6.7.8", "https", "evil.test"] {
                #expect(!text.contains(lie), "\(lie) in \(text)")
            }
        }

        @Test(arguments: Backend.modes)
        func trustedClientsAreAppendedTo(_ backend: Backend) throws {
            let trusting = ["--forwarded", "both", "--trust", "10.0.0.0/8,127.0.0.0/8"]
            let seen = try forwarded(Self.spoofed, backend: backend, options: trusting)
            let chain = seen.values("X-Forwarded-For").joined(separator: ", ")
            #expect(chain == "1.2.3.4, 5.6.7.8, 127.0.0.1")
            #expect(seen.values("X-Forwarded-Proto") == ["https"])
            #expect(seen.values("X-Forwarded-Host") == ["evil.test"])
            let hops = seen.values("Forwarded").joined(separator: ", ").split(separator: ",")
            #expect(hops.count == 2 && hops.first == "for=1.2.3.4;proto=https")
            #expect(hops.last?.replacing("\"", with: "").contains("for=127.0.0.1") == true)
            // Another network's trust is not ours.
            let other = ["--trust", "10.0.0.0/8,127.0.0.2/32,::1/128"]
            let untrusted = try forwarded(Self.spoofed, backend: backend, options: other)
            #expect(untrusted.values("X-Forwarded-For") == ["127.0.0.1"])
        }

        @Test(arguments: Backend.modes)
        func clientsOverIPv6AreNamedAsTheFieldWantsThem(_ backend: Backend) throws {
            let seen = try forwarded(
                Self.spoofed, backend: backend, options: ["--forwarded", "both"], from: "[::1]:0")
            #expect(seen.values("X-Forwarded-For") == ["::1"])
            #expect(seen["Forwarded"]?.contains("for=\"[::1]\"") == true)
            let trusted = try forwarded(
                Self.spoofed, backend: backend, options: ["--trust", "::1/128"], from: "[::1]:0")
            #expect(trusted.values("X-Forwarded-For").joined(separator: ", ").hasSuffix(", ::1"))
        }

        @Test(arguments: Backend.usable)
        func viaIsAddedWhenAskedFor(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("", fields: "Via: 1.1 inner\r\n") }
            let gyre = try GyreProcess(
                http: origin.address, backend: backend, options: ["--via"])
            let response = try gyre.client().exchange(
                "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 outer\r\n\r\n")
            let seen = try #require(origin.requests.first).request.head
            let chains = [seen, response.head].map { $0.values("Via").joined(separator: ", ") }
            #expect(chains == ["1.0 outer, 1.1 gyre", "1.1 inner, 1.1 gyre"])
            // The version is that of the message received (RFC 9110 section 7.6.3).
            let old = try forwarded(
                "GET / HTTP/1.0\r\nHost: a\r\n\r\n", backend: backend, options: ["--via"])
            #expect(old.values("Via") == ["1.0 gyre"])
        }

        @Test(arguments: Backend.usable)
        func hostIsKeptOrRewritten(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("") }
            let port = origin.address.port
            let request = "GET / HTTP/1.1\r\nHost: a.test:1234\r\n\r\n"
            let gyre = try GyreProcess(
                launching: [
                    "--listen", "127.0.0.1:0", "--to", "localhost:\(port)",
                    "--backend", backend.rawValue, "--host-header", "upstream",
                ], command: "http")
            #expect(try gyre.client().exchange(request).status == 200)
            #expect(try gyre.client().exchange("GET / HTTP/1.0\r\n\r\n").status == 200)
            for received in origin.requests {
                #expect(received.request.head.values("Host") == ["localhost:\(port)"])
            }
            #expect(origin.requests.first?.request.head["X-Forwarded-Host"] == "a.test:1234")
            let kept = try forwarded(request, backend: backend)
            #expect(kept.values("Host") == ["a.test:1234"])
            // HTTP/1.1 must have one, so a client of 1.0 that sent none gets one.
            let old = try forwarded("GET / HTTP/1.0\r\n\r\n", backend: backend)
            #expect(old.values("Host").count == 1)
        }

        @Test(arguments: Backend.usable)
        func targetFormsBecomeWhatAnOriginTakes(_ backend: Backend) throws {
            let targets = [
                ("GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET /x?y HTTP/1.1"),
                ("GET HTTP://A.test:81 HTTP/1.1\r\nHost: a.test:81\r\n\r\n", "GET / HTTP/1.1"),
                ("GET http://a.test?q HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET /?q HTTP/1.1"),
                ("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", "OPTIONS * HTTP/1.1"),
                ("OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n", "OPTIONS * HTTP/1.1"),
                ("GET //b.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET //b.test/x HTTP/1.1"),
                ("get / HTTP/1.1\r\nHost: a.test\r\n\r\n", "get / HTTP/1.1"),
                ("\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET / HTTP/1.1"),
            ]
            let origin = try HTTPOrigin { _ in .ok("") }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            for (request, line) in targets {
                #expect(try gyre.client().exchange(request).status == 200, "\(request)")
                let seen = try #require(origin.requests.last).request.head
                #expect(seen.startLine == line)
                #expect(seen["Host"]?.lowercased().hasPrefix("a.test") == true)
            }
            #expect(origin.requests.count == targets.count)
        }

        /// RFC 9110 section 7.6.2: zero ends here, anything else is counted down.
        @Test(arguments: Backend.usable)
        func maxForwardsIsCountedDown(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("") }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let client = try gyre.client()
            func send(_ method: String, _ count: String) throws -> HTTPResponse {
                try client.exchange(
                    "\(method) / HTTP/1.1\r\nHost: a\r\nMax-Forwards: \(count)\r\n\r\n")
            }
            _ = try send("OPTIONS", "0")
            #expect(origin.requests.isEmpty)
            _ = try send("OPTIONS", "10")
            #expect(origin.requests.last?.request.head.values("Max-Forwards") == ["9"])
            _ = try send("GET", "0")
            #expect(origin.requests.last?.request.head.values("Max-Forwards") == ["0"])
        }

        @Test(arguments: Backend.usable)
        func answersWithoutDateGetOne(_ backend: Backend) throws {
            let origin = try HTTPOrigin { _ in .ok("") }
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let response = try gyre.client().get("/")
            let date = try #require(response.head["Date"])
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(secondsFromGMT: 0)
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            let moment = try #require(format.date(from: date), "\(date)")
            #expect(abs(moment.timeIntervalSinceNow) < 3)
            #expect(response.head.values("Server") == [], "the origin's answer is not ours")
            #expect(response.head.values("Proxy-Status") == [])
        }
    }
}
