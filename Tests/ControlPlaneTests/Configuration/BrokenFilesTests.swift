// Files with mistakes, each with everything that is said of it.

import Foundation
import Testing

@testable import ControlPlane

@Suite struct BrokenFilesTests {
    private static let folder = ConfigurationFiles.here.appending(path: "Broken")
    /// How a file begins whose mistakes are none to a JSON Schema.
    private static let blind = "# The schema cannot see it.\n"

    static let names = (try? ConfigurationFiles.names(in: folder, ".yaml")) ?? []

    @Test func thereAreMany() {
        #expect(Self.names.count >= 60)
    }

    @Test(arguments: names)
    func everyMistakeIsTold(name: String) throws {
        let file = Self.folder.appending(path: name)
        let text = try ConfigurationFiles.text(file)
        let expected = try ConfigurationFiles.text(
            file.deletingPathExtension().appendingPathExtension("txt"))
        let lines: [String]
        do throws(ConfigurationError) {
            _ = try ConfigurationFiles.parse(text)
            lines = []
        } catch {
            lines = error.lines(file: name)
        }
        #expect(lines.map { $0 + "\n" }.joined() == expected)
        #expect(lines.allSatisfy { $0.contains("; expected ") || $0.contains("; ") })
    }

    @Test func theSchemaSeesWhatItCan() throws {
        var documents: [(name: String, json: String)] = []
        var seen: Set<String> = []
        for name in Self.names {
            let text = try ConfigurationFiles.text(Self.folder.appending(path: name))
            guard let json = ConfigurationFiles.json(text) else {
                #expect(text.hasPrefix(Self.blind), "\(name) is no YAML")
                continue
            }
            documents.append((name, json))
            if !text.hasPrefix(Self.blind) { seen.insert(name) }
        }
        let found = Set(try ConfigurationFiles.schemaMistakes(documents).keys)
        #expect(found.subtracting(seen).sorted() == [], "seen, against expectation")
        #expect(seen.subtracting(found).sorted() == [], "not seen")
    }
}
