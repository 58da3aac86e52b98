// The options of `gyre trace`.

import ArgumentParser
import Protocols
import Testing

@testable import gyre

@Suite struct TraceCommandTests {
    @Test func aSubjectIsNamed() throws {
        let client = try TraceCommand.parse(["--client", "10.0.0.0/8", "--socket", "/a"])
        #expect(client.client == (try IPBlock(parsing: "10.0.0.0/8")) && client.route == nil)
        #expect(client.control.socket == "/a" && client.count == nil && !client.json)
        let one = try TraceCommand.parse(["--client", "::1"])
        #expect(one.client?.prefixBits == 128)
        let route = try TraceCommand.parse([
            "--route", "api", "--listener", "web", "--count", "3", "--json",
        ])
        #expect(route.route == "api" && route.listener == "web" && route.client == nil)
        #expect(route.count == 3 && route.json)
    }

    @Test(arguments: [
        ([], "one of --client and --route"),
        (["--client", "::1", "--route", "a"], "one of --client and --route"),
        (["--client", "::1", "--listener", "a"], "--listener is only of use with --route"),
        (["--client", "localhost"], "localhost"), (["--client", "10.0.0.1/8"], "10.0.0.1/8"),
        (["--client", "10.0.0.0/40"], "40"), (["--client", ""], "--client"),
        (["--route", "a", "--count", "0"], "--count is 0; expected at least 1"),
        (["--route", "a", "--count", "-1"], "--count"),
        (["--route", "a", "--count", "many"], "--count"), (["--route"], "--route"),
        (["--route", "a", "--socket", "/a", "--address", ":1"], "expected one of them"),
        (["--route", "a", "api"], "api"),
    ])
    func mistakesAreTold(arguments: [String], part: String) throws {
        let error = #expect(throws: (any Error).self) { try TraceCommand.parse(arguments) }
        let given = try #require(error)
        #expect(TraceCommand.exitCode(for: given).rawValue == 64)
        #expect(
            TraceCommand.message(for: given).contains(part), "\(TraceCommand.message(for: given))")
    }
}
