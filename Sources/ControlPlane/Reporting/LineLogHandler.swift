// Log events as lines on the standard error stream: time, level, message, key=value, or the same as
// JSON. One write(2) per event, so that lines of different threads do not mix.

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

/// A swift-log back end for people and for journald, or for whatever collects JSON.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let format: Configuration.LogFormat

    package init(level: Logger.Level, format: Configuration.LogFormat) {
        logLevel = level
        self.format = format
    }

    /// A logger as the configuration has it.
    package static func logger(_ log: Configuration.Log) -> Logger {
        let level = Logger.Level(rawValue: log.level.rawValue) ?? .info
        return Logger(label: "gyre") { _ in LineLogHandler(level: level, format: log.format) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        ErrorOutput.write(
            line: Self.line(
                format, time: Self.time(), level: event.level, message: "\(event.message)",
                metadata: all))
    }

    /// The line of an event. As text, a message of several lines is folded into one. As JSON, it is
    /// an object of `time`, `level`, `message` and `metadata`, which is an object, empty for none.
    package static func line(
        _ format: Configuration.LogFormat, time: String, level: Logger.Level, message: String,
        metadata: Logger.Metadata
    ) -> String {
        guard format == .text else {
            return JSONText.object([
                ("time", .string(time)), ("level", .string(level.rawValue)),
                ("message", .string(message)), ("metadata", JSONText(metadata)),
            ]).text
        }
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

extension JSONText {
    /// Members in the order of their names.
    fileprivate init(_ metadata: Logger.Metadata) {
        self = .object(metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONText($0.value)) })
    }

    fileprivate init(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .stringConvertible(let value): self = .string("\(value)")
        case .array(let values): self = .array(values.map { JSONText($0) })
        case .dictionary(let metadata): self.init(metadata)
        }
    }
}
