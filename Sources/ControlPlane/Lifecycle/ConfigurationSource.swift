// Where the running configuration comes from, and how it is had again.

/// What a service runs from.
package enum ConfigurationSource: Sendable, Equatable {
    case commandLine
    /// A file, as it was named.
    case file(String)
}

extension ConfigurationSource: CustomStringConvertible {
    package var description: String {
        switch self {
        case .commandLine: "command line"
        case .file(let path): path
        }
    }
}
