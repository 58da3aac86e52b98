// Where an access log goes, as it is written: `stdout`, a path or `syslog:/path`.

internal import Protocols

/// What lines are written to.
package enum AccessTarget: Equatable, Sendable {
    /// The standard output stream.
    case output
    /// An absolute path.
    case file(String)
    /// The path of a Unix datagram socket.
    case syslog(String)

    private static let outputWord = "stdout"
    private static let syslogWord = "syslog:"
    /// PATH_MAX with its NUL.
    private static let pathBytesMax = 4095

    /// - Returns: `nil` for what is none of them.
    package init?(parsing text: String) {
        if text == Self.outputWord {
            self = .output
        } else if text.hasPrefix(Self.syslogWord) {
            let path = String(text.dropFirst(Self.syslogWord.count))
            guard Self.isPath(path, bytesMax: AddressText.unixPathBytesMax) else { return nil }
            self = .syslog(path)
        } else {
            guard Self.isPath(text, bytesMax: Self.pathBytesMax) else { return nil }
            self = .file(text)
        }
    }

    private static func isPath(_ text: String, bytesMax: Int) -> Bool {
        text.hasPrefix("/") && !text.hasSuffix("/") && text.utf8.count <= bytesMax
            && !HTTPText.hasControl(text)
    }
}

extension AccessTarget: CustomStringConvertible {
    package var description: String {
        switch self {
        case .output: Self.outputWord
        case .file(let path): path
        case .syslog(let path): Self.syslogWord + path
        }
    }
}
