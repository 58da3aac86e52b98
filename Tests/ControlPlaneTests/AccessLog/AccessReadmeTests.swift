// What the README says of the access log, against the program.

import DataPlane
import Foundation
import Testing

@testable import ControlPlane

@Suite struct AccessReadmeTests {
    /// Names in the first column of the tables of its section; names in text behind them count too.
    private func names(all: Bool) throws -> Set<String> {
        let text = try ConfigurationFiles.text(ConfigurationFiles.root.appending(path: "README.md"))
        let section = try #require(text.components(separatedBy: "\n## Access log\n").last)
        let rows = section.prefix(upTo: section.range(of: "\n## ")?.lowerBound ?? section.endIndex)
            .split(separator: "\n").filter { $0.hasPrefix("| `") }
        return rows.reduce(into: []) { names, row in
            let text = all ? row : row.split(separator: "|")[0]
            let parts = text.split(separator: "`", omittingEmptySubsequences: false)
            for index in stride(from: 1, to: parts.count, by: 2) { names.insert("\(parts[index])") }
        }
    }

    @Test func everyEndIsInIt() throws {
        let words = Set(EndReason.allCases.map { "\($0.word)" })
        #expect(words.subtracting(try names(all: false)) == [])
    }

    @Test func everyValueIsInIt() throws {
        let known = Set(AccessField.allCases.map(\.rawValue))
        let told = try names(all: true)
        #expect(known.subtracting(told) == [])
        let words = Set(EndReason.allCases.map { "\($0.word)" })
        #expect(try names(all: false).subtracting(known).subtracting(words).isEmpty)
    }
}
