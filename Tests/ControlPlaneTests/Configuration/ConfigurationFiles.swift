// Files that the tests of the configuration read, and a validator for JSON Schema.

import Foundation
import Testing

@testable import ControlPlane

enum ConfigurationFiles {
    static let here = URL(filePath: #filePath).deletingLastPathComponent()
    static let root = here.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// The only variables that files see.
    static let environment = ["PORT": "8080", "PORT_NAME": "http"]

    static func text(_ url: URL) throws -> String {
        try String(contentsOf: url, encoding: .utf8)
    }

    /// Files of a folder with an extension, by their names.
    static func names(in folder: URL, _ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
            .filter { $0.hasSuffix(suffix) }.sorted()
    }

    static func parse(_ text: String) throws(ConfigurationError) -> Configuration {
        try ConfigurationFile.parse(Array(text.utf8), environment: environment)
    }

    /// What is said of a text; empty when it is right.
    static func mistakes(_ text: String) -> [String] {
        do throws(ConfigurationError) {
            _ = try parse(text)
            return []
        } catch {
            return error.lines(file: "f")
        }
    }

    /// A text as JSON, its variables as they are; `nil` when it is not YAML.
    static func json(_ text: String) -> String? {
        var document = YAMLDocument(Array(text.utf8), environment: nil)
        return document.read()?.json.text
    }

    /// Validates documents, in JSON, with python3-jsonschema.
    ///
    /// - Returns: by name, what the schema has against it.
    static func schemaMistakes(
        _ documents: [(name: String, json: String)]
    ) throws -> [String: String] {
        let members = documents.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",")
        let input = FileManager.default.temporaryDirectory
            .appending(path: "gyre-schema-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: input) }
        try "{\"schema\":\(ConfigurationSchema.text),\"documents\":{\(members)}}"
            .write(to: input, atomically: true, encoding: .utf8)
        let process = Process()
        // Not the first python3 on the path: jsonschema comes from a Debian package.
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [here.appending(path: "validate.py").path(percentEncoded: false)]
        process.standardInput = try FileHandle(forReadingFrom: input)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let found = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return try #require(found).compactMapValues { $0 as? String }
    }
}
