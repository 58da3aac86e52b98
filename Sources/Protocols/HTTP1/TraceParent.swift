// The traceparent field (W3C Trace Context, section 3.2): which trace a request is part of.

/// `version-trace-parent-flags` in lower-case hexadecimal digits.
package enum TraceParent {
    /// Bytes of one of version 00.
    package static let byteCount = 55
    /// Where each part begins, and behind the last one's digits.
    private static let trace = 3..<35
    private static let parent = 36..<52

    /// Whether a value is a traceparent of version 00, both ids not zero (section 3.2.2).
    ///
    /// - Parameter range: within `bytes`.
    package static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == byteCount else { return false }
        let start = range.lowerBound
        var traceBits: UInt8 = 0
        var parentBits: UInt8 = 0
        for offset in 0..<byteCount {
            let byte = bytes[start + offset]
            if offset == 2 || offset == trace.upperBound || offset == parent.upperBound {
                guard byte == UInt8(ascii: "-") else { return false }
                continue
            }
            let isDigit = ASCII.isDigit(byte)
            guard isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte) else {
                return false
            }
            let bits = byte ^ ASCII.zero
            if offset < 2 {
                guard bits == 0 else { return false }
            } else if trace.contains(offset) {
                traceBits |= bits
            } else if parent.contains(offset) {
                parentBits |= bits
            }
        }
        return traceBits != 0 && parentBits != 0
    }
}
