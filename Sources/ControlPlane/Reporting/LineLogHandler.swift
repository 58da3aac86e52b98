// Log events as lines on the standard error stream: time, level, message, key=value. One write(2)
// per event, so that lines of different threads do not mix.

internal import CLinux
package import Logging

/// Descriptor 2.
package enum ErrorOutput {
    /// Writes `line` and a newline; what the reader does not take is lost.
    package static func write(line: String) {
        write(line + "\n")
    }

    /// Whether somebody watches it.
    package static var isTerminal: Bool { gyre_error_output_is_terminal() == 1 }

    /// Writes `text` as it is.
    package static func write(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe gyre_error_output(bytes, bytes.count)
    }
}

/// A swift-log back end for people and for journald.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level

    package init(level: Logger.Level) {
        logLevel = level
    }

    /// A logger that writes events of `level` and above.
    package static func logger(level: Logger.Level) -> Logger {
        Logger(label: "gyre") { _ in LineLogHandler(level: level) }
    }

    /// The same, as the configuration has it.
    package static func logger(_ level: Configuration.LogLevel) -> Logger {
        logger(level: Logger.Level(rawValue: level.rawValue) ?? .info)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        ErrorOutput.write(
            line: Self.line(
                time: Self.time(), level: event.level, message: "\(event.message)", metadata: all))
    }

    /// The line of an event; a message of several lines is folded into one.
    package static func line(
        time: String, level: Logger.Level, message: String, metadata: Logger.Metadata
    ) -> String {
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        let text = "\(time) \(level.rawValue) \(message)\(pairs.joined())"
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func time() -> String {
        var text = [CChar](repeating: 0, count: 40)
        let length = unsafe Int(gyre_time_text(&text, text.count))
        let bytes = text.prefix(max(0, min(length, text.count - 1))).map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
