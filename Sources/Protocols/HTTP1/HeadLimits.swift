// How much of a head is read before it is refused.

/// Limits of one head.
package struct HeadLimits: Sendable, BitwiseCopyable {
    /// Bytes of the head: the start line, the fields, the empty line. 1 to 65,535.
    package let headBytesMax: Int
    /// Field lines. 1 to 256.
    package let fieldsMax: Int
    /// Bytes of the request target. 1 to 65,535.
    package let targetBytesMax: Int

    /// A method longer than any in use is not implemented (RFC 9110 section 9.1): the longest that
    /// is registered, `UPDATEREDIRECTREF`, has 17 bytes.
    static let methodBytesMax = 32
    /// Options that one message names in Connection, apart from the usual ones. Each has to be
    /// looked for among the fields.
    static let connectionOptionsMax = 32

    /// The longest request line that keeps the other limits, with its CR LF.
    var requestLineBytesMax: Int {
        Self.methodBytesMax + 1 + targetBytesMax + 1 + MessageVersion.bytes + 2
    }

    /// - Parameters: see the properties; values outside their ranges are moved into them.
    package init(
        headBytesMax: Int = 32 * 1024, fieldsMax: Int = 128, targetBytesMax: Int = 8 * 1024
    ) {
        self.headBytesMax = min(max(headBytesMax, 1), 65_535)
        self.fieldsMax = min(max(fieldsMax, 1), FieldTable.capacity)
        self.targetBytesMax = min(max(targetBytesMax, 1), 65_535)
    }
}
