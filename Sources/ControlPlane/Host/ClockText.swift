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

    /// Nanoseconds since the Unix epoch, to some hundreds of them.
    static var unixNs: UInt64 { UInt64(max(Date().timeIntervalSince1970 * 1e9, 0)) }

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
