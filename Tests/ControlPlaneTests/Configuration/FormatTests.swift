// The files in Config that describe the format, against the program.

import Foundation
import Protocols
import TestSupport
import Testing

@testable import ControlPlane

@Suite struct FormatTests {
    private static let config = ConfigurationFiles.root.appending(path: "Config")

    @Test func theSchemaIsThatOfTheProgram() throws {
        let text = try ConfigurationFiles.text(Self.config.appending(path: "gyre.schema.json"))
        #expect(text == ConfigurationSchema.text, "run: gyre format > Config/gyre.schema.json")
    }

    @Test func theReferenceIsThatOfTheProgram() throws {
        let text = try ConfigurationFiles.text(Self.config.appending(path: "reference.yaml"))
        #expect(
            text == ConfigurationReference.text,
            "run: gyre format --reference > Config/reference.yaml")
    }

    @Test func theReferenceSaysTheDefaults() throws {
        var expected = Configuration()
        var listener = Configuration.Listener()
        listener.name = "web"
        listener.addresses = [.host("127.0.0.1", port: 8080)]
        listener.upstream = "app"
        var upstream = Configuration.Upstream()
        upstream.name = "app"
        upstream.endpoints = [Configuration.Endpoint(.host("127.0.0.1", port: 9000))]
        expected.listeners = [listener]
        expected.upstreams = [upstream]
        #expect(try ConfigurationFiles.parse(ConfigurationReference.text) == expected)
    }

    @Test func theReferenceHasEveryKey() throws {
        let lines = ConfigurationReference.text.split(separator: "\n")
        let shown = Set(
            lines.compactMap { line -> Substring? in
                let key = line.drop { "# -".contains($0) }.prefix { $0 != ":" }
                return key.allSatisfy { $0.isLowercase || $0 == "_" } ? key : nil
            }.map(String.init))
        #expect(Configuration.shape.allKeys.subtracting(shown) == [])
        #expect(Configuration.shape.allKeys.count > 80)
    }

    /// What is commented out is right as well, where it is put in place of what it is beside.
    @Test func whatTheReferenceCommentsOutIsAccepted() throws {
        var text = ConfigurationReference.text
        let alternatives = [
            ("\n    upstream: app\n", "\n"), ("\n    # routes:\n", "\n    routes:\n"),
        ]
        for (from, to) in alternatives { text = text.replacing(from, with: to) }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "    routes:"))
        let end = try #require(lines[start...].firstIndex(of: ""))
        let uncommented = lines.enumerated().map { index, line in
            (start..<end).contains(index) && line.hasPrefix("    #   ")
                ? "    " + line.dropFirst(6) : String(line)
        }
        let configuration = try ConfigurationFiles.parse(uncommented.joined(separator: "\n"))
        #expect(configuration.listeners[0].routes.map(\.name) == ["api"])
        #expect(configuration.listeners[0].routes[0].action == .upstream("app"))
    }

    @Test func theSchemaAcceptsWhatTheProgramAccepts() throws {
        var documents: [(name: String, json: String)] = []
        for seed in 0..<150 {
            var random = SeededRandom(seed: UInt64(seed))
            let text = Configuration.random(&random).yaml
            documents.append(("seed \(seed)", try #require(ConfigurationFiles.json(text))))
        }
        documents.append(
            ("reference", try #require(ConfigurationFiles.json(ConfigurationReference.text))))
        let examples = Self.config.appending(path: "examples")
        for name in try ConfigurationFiles.names(in: examples, ".yaml") {
            let text = try ConfigurationFiles.text(examples.appending(path: name))
            documents.append((name, try #require(ConfigurationFiles.json(text))))
        }
        #expect(try ConfigurationFiles.schemaMistakes(documents) == [:])
    }

    @Test func theExamplesAreRight() throws {
        let examples = Self.config.appending(path: "examples")
        let names = try ConfigurationFiles.names(in: examples, ".yaml")
        #expect(names == ["http.yaml", "several-upstreams.yaml", "tcp.yaml"])
        for name in names {
            let text = try ConfigurationFiles.text(examples.appending(path: name))
            #expect(ConfigurationFiles.mistakes(text) == [], "\(name)")
        }
    }
}

extension ObjectShape {
    /// Of it and of all mappings in it.
    fileprivate var allKeys: Set<String> {
        keys.reduce(into: []) { all, key in
            all.insert(key.name)
            all.formUnion(key.shape.allKeys)
        }
    }
}

extension Shape {
    fileprivate var allKeys: Set<String> {
        switch self {
        case .object(let shape): shape().allKeys
        case .list(let item, _): item.allKeys
        case .either(let shapes): shapes.reduce(into: []) { $0.formUnion($1.allKeys) }
        case .flag, .number, .text, .anyText, .words, .map: []
        }
    }
}
