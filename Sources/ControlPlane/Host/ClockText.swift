// The time of day as text.

internal import CLinux
internal import FoundationEssentials
internal import Protocols

/// Readings of CLOCK_REALTIME.
enum ClockText {
    /// Seconds since the Unix epoch.
    static var unixSeconds: Int64 { gyre_realtime_seconds() }

    /// Milliseconds since the Unix epoch.
    static var unixMs: UInt64 { UInt64(max(Date().timeIntervalSince1970 * 1000, 0)) }

    /// What is added to the monotonic clock's nanoseconds to get those since the Unix epoch, now.
    static var monotonicOffsetNs: UInt64 { gyre_realtime_ns() &- gyre_monotonic_ns() }

    /// Now in local time, as syslog has it: `Nov  6 08:49:37`.
    static var syslogTime: String {
        var text = [CChar](repeating: 0, count: 32)
        let length = unsafe Int(gyre_syslog_time_text(&text, text.count))
        return String(
            decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Now, as a Date field has it.
    static var httpDate: String {
        var bytes = [UInt8](repeating: 0, count: HTTPDate.bytes)
        return unsafe bytes.withUnsafeMutableBytes { memory in
            guard let start = memory.baseAddress else { return "" }
            var writer = unsafe HeadWriter(start, capacity: memory.count)
            HTTPDate.write(unixSeconds, into: &writer)
            return unsafe String(decoding: memory.prefix(writer.count), as: UTF8.self)
        }
    }
}
