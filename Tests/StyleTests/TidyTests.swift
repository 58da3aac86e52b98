// Runs the rules over the repository, and shows that each of them can find something.

import Foundation
import Testing

@Suite struct TidyTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func files() throws -> [SourceFile] {
        let extensions: Set = ["swift", "c", "h", "py", "js", "css"]
        var files = [try file(root.appending(path: "Package.swift"))]
        for folder in ["Sources", "Tests", "Benchmarks"] {
            let walk = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
            for case let url as URL in try #require(walk)
            where extensions.contains(url.pathExtension) {
                files.append(try file(url))
            }
        }
        return files
    }

    private static func file(_ url: URL) throws -> SourceFile {
        let path = url.path(percentEncoded: false)
            .dropFirst(root.path(percentEncoded: false).count)
        return SourceFile(path: String(path), text: try String(contentsOf: url, encoding: .utf8))
    }

    @Test func repositoryKeepsItsRules() throws {
        let files = try Self.files()
        #expect(files.count > 50)
        let breaches = files.flatMap(Tidy.breaches)
        #expect(breaches.isEmpty, "\(breaches.joined(separator: "\n"))")
    }

    @Test func placesOfUnsafeCodeExist() {
        for place in Tidy.unsafePlaces {
            let path = Self.root.appending(path: place).path(percentEncoded: false)
            #expect(
                FileManager.default.fileExists(atPath: path), "\(place) is gone; drop the entry")
        }
    }

    private static let filler = String(repeating: "    x()\n", count: 69)

    static let planted: [(String, String, Int)] = [
        ("Sources/a/B.swift", "// c\n", 0),
        ("Sources/a/B.swift", "import Glibc\n", 1),
        ("Sources/a/B.swift", "// c\n" + String(repeating: "//\n", count: 449), 0),
        ("Sources/a/B.swift", "// c\n" + String(repeating: "//\n", count: 450), 1),
        ("Tests/a/B.swift", "// c\n" + String(repeating: "//\n", count: 599), 0),
        ("Tests/a/B.swift", "// c\n" + String(repeating: "//\n", count: 600), 1),
        ("Benchmarks/a/b.py", "\"\"\"c\"\"\"\n", 0),
        ("Benchmarks/a/b.py", "import os\n", 1),
        ("Tests/a/B.swift", "// " + String(repeating: "x", count: 97), 0),
        ("Tests/a/B.swift", "// " + String(repeating: "x", count: 98), 1),
        ("Tests/a/B.swift", "// c\nfunc a() {\n" + filler.dropFirst(8) + "}\n", 0),
        ("Tests/a/B.swift", "// c\nfunc a() {\n" + filler + "}\n", 1),
        ("Tests/a/B.swift", "// c\ninit() {\n" + filler + "}\n", 1),
        ("Tests/a/B.swift", "// c\nprotocol P {\nfunc a()\n}\nfunc b() {\n" + filler + "}\n", 1),
        ("Tests/a/B.swift", "// c\nfunc a(b: String = \"{\") {\n}\n" + filler, 0),
        ("Tests/a/B.swift", "// c " + Tidy.bannedWords[3] + "\n", 1),
        ("Tests/a/B.swift", "// c\nclass Slot" + Tidy.bannedWords[0] + " {}\n", 1),
        ("Tests/a/" + Tidy.bannedWords[2] + "s.swift", "// c\n", 1),
        ("Tests/a/B.swift", "// c\nlet a = " + Tidy.bannedCode[0] + " b()\n", 1),
        ("Tests/a/B.swift", "// c\nlet a = b " + Tidy.bannedCode[1] + " C\n", 1),
        ("Tests/a/B.swift", "// c, " + Tidy.bannedCode[2] + " is never used\n", 0),
        ("Sources/DataPlane/B.swift", "// c\ninternal import Foundation\n", 1),
        ("Sources/Protocols/B.swift", "// c\nimport FoundationEssentials\n", 1),
        ("Sources/ControlPlane/B.swift", "// c\nimport Foundation\n", 0),
        ("Sources/DataPlane/Worker/Worker.swift", "// c\nlet a = unsafe b\n", 1),
        ("Sources/DataPlane/Forwarder/B.swift", "// c\nunsafe b()\n", 1),
        ("Sources/DataPlane/Memory/B.swift", "// c\nunsafe b()\n", 0),
        ("Sources/DataPlane/B.swift", "// unsafe\nlet a = \"unsafe\", unsafeB = 1\n", 0),
    ]

    @Test(arguments: planted)
    func rulesFindWhatIsPlanted(path: String, text: String, breaches: Int) {
        let found = Tidy.breaches(in: SourceFile(path: path, text: text))
        #expect(found.count == breaches, "\(found)")
    }
}
