// The front door: from a file to a configuration, or to everything that is wrong with it.

internal import CLinux
internal import DataPlane

/// Reads configuration files.
package enum ConfigurationFile {
    /// Reads a file.
    ///
    /// - Parameter environment: for `${NAME}`.
    /// - Throws: why it cannot be read, or all of its mistakes.
    package static func read(
        _ path: String, environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SystemFile.bytes(path, max: YAMLDocument.bytesMax + 1)
        } catch {
            throw .unreadable("\(error)")
        }
        return try parse(bytes, environment: environment)
    }

    /// Reads a text.
    ///
    /// - Parameters: as above.
    /// - Throws: all mistakes.
    package static func parse(
        _ bytes: [UInt8], environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        guard bytes.count <= YAMLDocument.bytesMax else {
            throw .unreadable("it has more than \(YAMLDocument.bytesMax >> 20) MiB")
        }
        var document = YAMLDocument(bytes, environment: environment)
        guard let root = document.read() else { throw .mistakes(document.mistakes) }
        var reading = Reading()
        let configuration = Configuration.read(root, &reading)
        var checks = Checks(configuration, root, reading)
        if !reading.isExhausted { checks.run() }
        // A value whose variable is missing is not wrong a second time, and what an alias repeats
        // is told once.
        let spoiled = Set(document.mistakes.map(\.place))
        let others = checks.reading.mistakes.filter { !spoiled.contains($0.place) }
        let mistakes = Set(document.mistakes + others).sorted {
            ($0.place, $0.text) < ($1.place, $1.text)
        }
        guard mistakes.isEmpty else { throw .mistakes(mistakes) }
        return configuration
    }
}

/// Why there is no configuration.
package enum ConfigurationError: Error, Equatable, Sendable {
    /// The reason.
    case unreadable(String)
    /// At least one, by their places.
    case mistakes([Mistake])

    /// What to tell, line by line.
    package func lines(file: String) -> [String] {
        switch self {
        case .unreadable(let reason): ["\(file): cannot be read: \(reason)"]
        case .mistakes(let mistakes): mistakes.map { $0.line(file: file) }
        }
    }
}
