// All that a head says, as text that can be compared. The fuzzers and the judge of the differential
// runs are built from this file, too, in one module with the parsers.

#if canImport(Protocols)
    import Protocols
#endif

/// `get /x @host 1.1 keep 41; Host[a]`: method, target, authority, version, what becomes of the
/// connection, length of the head, then what is not usual, then the fields. A field in parentheses
/// is not to be passed on; `~` marks lines that cannot be copied as they are.
///
/// - Parameter spacing: whether to tell what depends on the white space in the lines only: the
///   length and the marks.
func describe(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>, spacing: Bool = true
) -> String {
    var parts = ["\(head.method)"]
    if head.method == .other { parts[0] = "other(\(text(bytes, head.methodBytes)))" }
    parts.append(text(bytes, head.target))
    if head.targetForm != .origin {
        parts.append("\(head.targetForm)(\(text(bytes, head.originTarget)))")
    }
    parts.append("@" + text(bytes, head.authority))
    parts.append(head.version == .http11 ? "1.1" : "1.0")
    parts.append(head.isPersistent ? "keep" : "close")
    if spacing { parts.append("\(head.length)") }
    if head.framing != .none { parts.append("\(head.framing)") }
    if head.expectsContinue { parts.append("continue") }
    if !head.upgrade.isEmpty { parts.append("upgrade(\(text(bytes, head.upgrade)))") }
    if head.upgradesToH2C { parts.append("h2c") }
    if let forwards = head.maxForwards { parts.append("forwards(\(forwards))") }
    if head.acceptsTrailers { parts.append("trailers") }
    return parts.joined(separator: " ") + describe(head.fields, bytes, spacing)
}

/// `200 OK 1.1 keep 54 length(5); Server[x]`, in the same way.
func describe(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, spacing: Bool = true
) -> String {
    var parts = ["\(head.status)"]
    if !head.reason.isEmpty { parts.append(text(bytes, head.reason)) }
    parts.append(head.version == .http11 ? "1.1" : "1.0")
    parts.append(head.isPersistent ? "keep" : "close")
    if spacing { parts.append("\(head.length)") }
    parts.append("\(head.framing)")
    if let length = head.contentLength { parts.append("says(\(length))") }
    if !head.upgrade.isEmpty { parts.append("upgrade(\(text(bytes, head.upgrade)))") }
    if head.isInterim { parts.append("interim") }
    if head.hasDate { parts.append("dated") }
    return parts.joined(separator: " ") + describe(head.fields, bytes, spacing)
}

private func describe(
    _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, _ spacing: Bool
) -> String {
    var result = ";"
    for index in 0..<fields.count {
        let field = fields[index]
        let line =
            (field.isPlain || !spacing ? "" : "~")
            + "\(text(bytes, field.name))[\(text(bytes, field.value))]"
        result += field.isHopByHop ? " (\(line))" : " \(line)"
    }
    return result
}

/// A part of a head as text, one scalar for one byte.
func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
    var result = ""
    for index in Int(range.start)..<range.end {
        result.unicodeScalars.append(Unicode.Scalar(bytes[index]))
    }
    return result
}
