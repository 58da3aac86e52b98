// Cookies of a request (RFC 6265 section 5.4): looked for, never changed.

extension FieldTable {
    /// The value of the first cookie of a name, without quotes around it.
    ///
    /// - Parameters:
    ///   - name: case counts.
    ///   - head: the head.
    /// - Returns: its place; `nil` when there is none.
    package func cookie(_ name: Span<UInt8>, in head: Span<UInt8>) -> Range<Int>? {
        let field: InlineArray<6, UInt8> = [0x63, 0x6F, 0x6F, 0x6B, 0x69, 0x65]
        var from = 0
        while let place = place(of: field.span, in: head, from: from) {
            if let value = Cookie.value(of: name, in: head, self[place].value) { return value }
            from = place + 1
        }
        return nil
    }
}

private enum Cookie {
    /// Looks for `name=value` among those of one field, which are separated by semicolons.
    static func value(
        of name: Span<UInt8>, in head: Span<UInt8>, _ field: ByteRange
    ) -> Range<Int>? {
        let end = field.end
        var start = Int(field.start)
        while start < end {
            while start < end, ASCII.isBlank(head[start]) { start += 1 }
            var stop = start
            while stop < end, head[stop] != UInt8(ascii: ";") { stop += 1 }
            let valueStart = start + name.count + 1
            if valueStart <= stop, head[valueStart - 1] == UInt8(ascii: "="),
                isEqual(head, at: start, name)
            {
                return unquoted(head, valueStart, stop)
            }
            start = stop + 1
        }
        return nil
    }

    private static func isEqual(_ head: Span<UInt8>, at start: Int, _ name: Span<UInt8>) -> Bool {
        for index in 0..<name.count where head[start + index] != name[index] { return false }
        return true
    }

    private static func unquoted(_ head: Span<UInt8>, _ start: Int, _ stop: Int) -> Range<Int> {
        var end = stop
        while end > start, ASCII.isBlank(head[end - 1]) { end -= 1 }
        let quote = UInt8(ascii: "\"")
        guard end >= start + 2, head[start] == quote, head[end - 1] == quote else {
            return start..<end
        }
        return start + 1..<end - 1
    }
}
