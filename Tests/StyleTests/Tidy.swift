// The rules of this repository as a test: sizes, words, imports, and where `unsafe` may stand.
// Each rule is a pure function on the text of one file; TidyTests plants one breach of each.

/// One file, with what the rules look at.
struct SourceFile {
    /// Relative to the repository, with slashes.
    let path: String
    let lines: [Substring]
    /// The lines without comments and without what stands in string literals.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = CodeText.strip(lines)
    }

    var isSwift: Bool { path.hasSuffix(".swift") }

    func isIn(_ places: [String]) -> Bool {
        places.contains { $0.hasSuffix("/") ? path.hasPrefix($0) : path == $0 }
    }
}

/// The rules.
enum Tidy {
    static let columnsMax = 100
    static let functionLinesMax = 70
    static let sourceLinesMax = 450
    static let testLinesMax = 600

    /// Spelled in halves, so that this file keeps its own rules.
    static let bannedWords = [
        "Mana" + "ger", "Hel" + "per", "Ut" + "il", "TO" + "DO", "FIX" + "ME",
    ]
    static let bannedCode = ["try" + "!", "as" + "!", "-Oun" + "checked"]

    static let unsafePlaces = [
        "Sources/DataPlane/Memory/", "Sources/DataPlane/Reactor/", "Sources/DataPlane/System/",
        "Sources/DataPlane/Observe/", "Sources/DataPlane/Timers/",
        "Sources/DataPlane/Worker/WorkerThread.swift",
        "Sources/ControlPlane/Admin/DashboardFile.swift",
        "Sources/ControlPlane/AccessLog/LineBuffer.swift",
        "Sources/ControlPlane/Configuration/YAML/YAMLEvents.swift",
        "Sources/ControlPlane/Host/ClockText.swift",
        "Sources/ControlPlane/Host/Environment.swift",
        "Sources/ControlPlane/Host/FileBytes.swift",
        "Sources/ControlPlane/Host/Folder.swift",
        "Sources/ControlPlane/Host/HostFacts.swift",
        "Sources/ControlPlane/Host/ProcessEnvironment.swift",
        "Sources/ControlPlane/Host/SystemFile.swift",
        "Sources/ControlPlane/Lifecycle/FileWatch.swift",
        "Sources/ControlPlane/Listening/UnixListener.swift",
        "Sources/ControlPlane/Reporting/LineLogHandler.swift",
        "Sources/ControlPlane/Resolution/HostResolver.swift",
        "Sources/ControlPlane/Resolution/NameChannel.swift",
        "Sources/ControlPlane/Threads/",
        "Sources/LoadGeneration/SystemCalls.swift",
        "Sources/Protocols/HTTP1/FieldStore.swift",
        "Sources/Protocols/HTTP1/HeadScanner.swift",
        "Sources/Protocols/HTTP1/HeadWriter.swift",
    ]

    /// Everything that is wrong with a file, as `path:line: what`.
    static func breaches(in file: SourceFile) -> [String] {
        let rules = [sizes, functions, opening, words, imports, unsafety]
        return rules.flatMap { $0(file) }
    }

    private static func sizes(_ file: SourceFile) -> [String] {
        let limit = file.path.hasPrefix("Sources/") ? sourceLinesMax : testLinesMax
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        let tooLong = count > limit ? ["\(file.path):\(limit): more than \(limit) lines"] : []
        let tooWide = file.lines.indices.filter { file.lines[$0].count > columnsMax }
            .map { "\(file.path):\($0 + 1): more than \(columnsMax) columns" }
        return tooLong + tooWide
    }

    private static func functions(_ file: SourceFile) -> [String] {
        guard file.isSwift else { return [] }
        return CodeText.functions(in: file.code).filter { $0.count > functionLinesMax }
            .map { "\(file.path):\($0.lowerBound + 1): function of \($0.count) lines" }
    }

    private static func opening(_ file: SourceFile) -> [String] {
        let first = file.lines.first ?? ""
        let opens = ["//", "#!", "/*", "\"\"\""].contains { first.hasPrefix($0) }
        return opens ? [] : ["\(file.path):1: does not open with a comment"]
    }

    private static func words(_ file: SourceFile) -> [String] {
        let named = bannedWords.filter { file.path.contains($0) }.map { "\(file.path):1: '\($0)'" }
        let written = file.lines.indices.flatMap { index in
            (bannedWords.filter { ownWords(file.lines[index]).contains($0) }
                + bannedCode.filter { file.code[index].contains($0) })
                .map { "\(file.path):\(index + 1): '\($0)'" }
        }
        return named + written
    }

    /// Foundation's class for files is not ours to name.
    private static func ownWords(_ line: Substring) -> String {
        String(line).replacing("File" + bannedWords[0], with: "")
    }

    private static func imports(_ file: SourceFile) -> [String] {
        guard file.isIn(["Sources/Protocols/", "Sources/DataPlane/"]) else { return [] }
        return file.code.indices
            .filter { file.code[$0].contains("import") && file.code[$0].contains("Foundation") }
            .map { "\(file.path):\($0 + 1): Foundation" }
    }

    private static func unsafety(_ file: SourceFile) -> [String] {
        guard file.isSwift, file.path.hasPrefix("Sources/"), !file.isIn(unsafePlaces) else {
            return []
        }
        return file.code.indices.filter { CodeText.words(file.code[$0]).contains("unsafe") }
            .map { "\(file.path):\($0 + 1): unsafe" }
    }
}
