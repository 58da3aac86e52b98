// The newest things that an operator should read about, for who looks at the admin address and not
// at the log. Bounded; any thread.

internal import Logging
internal import Synchronization

/// The last lines that the log was told.
final class IncidentLog: Sendable {
    private static let incidentsMax = 50
    private static let messageMax = 300

    /// The oldest first.
    private let incidents = Mutex<[LiveReport.Incident]>([])
    private let log: Logger

    init(_ log: Logger) {
        self.log = log
    }

    /// Tells the log, and keeps it.
    func tell(_ level: Logger.Level, _ message: String) {
        log.log(level: level, "\(message)")
        note(level, message)
    }

    /// Keeps what the log has been told.
    func note(_ level: Logger.Level, _ message: String) {
        let incident = LiveReport.Incident(
            atMs: ClockText.unixMs, level: level.rawValue,
            message: String(message.prefix(Self.messageMax)))
        incidents.withLock { incidents in
            incidents.append(incident)
            if incidents.count > Self.incidentsMax { incidents.removeFirst() }
        }
    }

    var newestFirst: [LiveReport.Incident] { incidents.withLock { $0.reversed() } }
}
