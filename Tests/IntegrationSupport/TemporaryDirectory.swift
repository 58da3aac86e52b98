// A directory for one test, gone when the test is.

import Foundation

/// A fresh directory, removed with everything in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// Absolute and short, so that unix socket paths in it fit their 107 bytes.
    public let path: String

    public init() throws {
        var template = Array("/tmp/gyre-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestFailure("mkdtemp: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of `name` in this directory.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Writes a text file and returns its path.
    public func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}
