// What a proxy writes to its standard error stream, read as it comes: where it listens, its
// counters, and what it said last. Pure.

internal import ControlPlane
internal import Protocols

/// The lines of one proxy.
struct ProxyLog: Sendable {
    /// More than this of one line is not kept.
    private static let lineBytesMax = 64 * 1024

    /// Its first address, once it has said so.
    private(set) var address: AddressText?
    /// The newest counters.
    private(set) var counters: CountersReport?
    /// How often it has told its counters.
    private(set) var countersCount = 0
    /// The newest line that is something else.
    private(set) var lastLine = ""

    private var cut: [UInt8] = []

    mutating func append(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                take(String(decoding: cut, as: UTF8.self))
                cut.removeAll(keepingCapacity: true)
            } else if cut.count < Self.lineBytesMax {
                cut.append(byte)
            }
        }
    }

    private mutating func take(_ line: String) {
        if let report = CountersReport(parsing: line) {
            counters = report
            countersCount += 1
            return
        }
        lastLine = line
        guard address == nil, let mark = line.firstRange(of: "listening on ") else { return }
        let word = line[mark.upperBound...].prefix { $0 != "," && $0 != " " }
        address = try? AddressText(parsing: word)
    }
}
