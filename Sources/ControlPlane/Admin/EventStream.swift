// Server-sent events (HTML, section 9.2.6) as the admin address sends them, on the client's end.

internal import Protocols

/// What has come of a stream and was not handed on.
struct EventStream {
    private static let lineBytesMax = 4 * 1024 * 1024

    /// The head of the answer was that of a stream.
    private(set) var isStream = false
    private(set) var bytes: [UInt8] = []

    /// Takes bytes in.
    ///
    /// - Parameter take: gets the data of each event; false ends it.
    /// - Returns: whether it goes on.
    mutating func receive(_ more: some Sequence<UInt8>, _ take: (Substring) -> Bool) -> Bool {
        bytes += more
        if !isStream { readHead() }
        guard isStream else { return true }
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: bytes[start..<end], as: UTF8.self)
            start = end + 1
            guard line.hasPrefix("data: ") else { continue }
            guard take(line.dropFirst("data: ".count)) else { return false }
        }
        bytes.removeFirst(start)
        return bytes.count <= Self.lineBytesMax
    }

    /// Anything but a 200 of event-stream is an answer that ends with its connection.
    private mutating func readHead() {
        var head = ResponseHead()
        var progress = HeadProgress()
        let verdict = head.parse(
            bytes.span, limits: HeadLimits(), answering: .other, progress: &progress)
        guard verdict == .complete, head.status == 200, head.contentLength == nil else { return }
        isStream = true
        bytes.removeFirst(head.length)
    }
}
