// `gyre demo` is what a newcomer starts first: what it prints has to work as printed, and what it
// shows has to live.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct Demo {
        @Test(arguments: Backend.usable)
        func printedCurlLinesWorkAndInterruptEndsIt(_ backend: Backend) throws {
            let demo = try RunningDemo("--backend", backend.rawValue)
            let commands = demo.curlCommands
            try #require(commands.count == 3, "in: \(demo.process.output)")
            for command in commands {
                let run = try ChildProcess.run(
                    ["/bin/sh", "-c", command.replacing("curl ", with: "curl -sS -f -m 5 ")])
                #expect(run.status == .exited(0), "\(run.errorOutput)")
                #expect(run.output.contains("This is origin "))
                #expect(run.output.contains("\nX-Forwarded-For: 127.0.0.1\n"))
                if command.contains("--data hello") {
                    #expect(run.output.hasSuffix("\n5 bytes of body\n"))
                }
            }
            #expect(try demo.interrupt() == .exited(0))
            #expect(!demo.process.errorOutput.contains("cutting"), "\(demo.process.errorOutput)")
        }

        @Test func itLivesByItself() throws {
            let demo = try RunningDemo()
            #expect(
                try eventually(within: 10) {
                    let counters = try demo.counters()
                    // Redirects and the 404 are Gyre's own.
                    return counters.responses >= 20 && counters.localReplies >= 2
                        && counters.flowsFinished >= 2
                })
            #expect(try demo.counters().upstreamFailures == 0)
            // Gently: no client asks as fast as it can.
            let before = try demo.counters().requests
            pause(1)
            #expect(try demo.counters().requests - before < 60)
            demo.process.signal(SIGTERM)
            #expect(try demo.process.wait(within: 5) == .exited(0))
        }

        @Test func withoutTrafficThereIsNone() throws {
            let demo = try RunningDemo("--no-traffic")
            let urls = ["http://\(demo.proxy)/1", "http://\(demo.proxy)/2"]
            let output = try Curl.fetch(urls)
            #expect(output.contains("origin one") && output.contains("origin two"))
            #expect(try Curl.fetch(["http://\(demo.tcp)/"]).contains("This is origin "))
            pause(0.5)
            #expect(try demo.counters().requests == 2)
            #expect(try demo.interrupt() == .exited(0))
        }

        @Test func slowAnswersAndErrorsComeAsAskedFor() throws {
            let demo = try RunningDemo("--no-traffic")
            let format = ["--output", "/dev/null", "--write-out", "%{http_code} %{time_total}\n"]
            for (path, status, seconds) in [
                ("/slow/300", "200", 0.3), ("/api/status/503", "503", 0), ("/missing", "404", 0),
                ("/old/home", "308", 0),
            ] {
                let words = try Curl(format + ["http://\(demo.proxy)\(path)"]).output
                    .split(whereSeparator: \.isWhitespace)
                #expect(words.first == Substring(status), "\(path)")
                #expect(try #require(words.last.flatMap { Double($0) }) >= seconds, "\(path)")
            }
            // Pipelined at the origin itself: nothing overtakes what is late.
            let client = HTTPStream(try Connection(to: demo.tcp))
            let late = "GET /slow/100 HTTP/1.1\r\nHost: a\r\n\r\n"
            try client.send(late + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(
                String(decoding: try client.readResponse().body, as: UTF8.self).contains("/slow"))
            #expect(
                String(decoding: try client.readResponse().body, as: UTF8.self).contains("/next"))
            client.connection.close()
            #expect(try demo.interrupt() == .exited(0))
        }

        /// A browser keeps its connections open and asks several things at once.
        @Test func clientsThatKeepTheirConnectionDoNotHoldUpTheEnd() throws {
            let demo = try RunningDemo()
            let client = try Connection(to: demo.proxy)
            try client.send(Array("GET / HTTP/1.1\r\nHost: demo\r\n\r\n".utf8))
            let start = try client.receive(12)
            #expect(String(decoding: start, as: UTF8.self) == "HTTP/1.1 200")
            #expect(try demo.interrupt() == .exited(0))
        }
    }
}
