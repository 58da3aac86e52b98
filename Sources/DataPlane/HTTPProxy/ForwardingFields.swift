// What a request tells the origin about the client: X-Forwarded-*, Forwarded (RFC 7239) and Via
// (RFC 9110 section 7.6.3). What a client says of itself counts only if it is trusted; then ours is
// put behind it.

internal import Protocols

extension HTTPProxy {
    func writeForwarding(
        _ slot: UInt32, _ head: Span<UInt8>, _ isTrusted: Bool, to writer: inout HeadWriter
    ) {
        let tells = policy(ofClient: slot).forwarded
        if tells.contains(.xForwarded) {
            writeXForwarded(slot, head, isTrusted, to: &writer)
        }
        if tells.contains(.forwarded) {
            writer.append("Forwarded: ")
            if isTrusted { writeValues(requestHead.fields, .forwarded, head, to: &writer) }
            writeForwardedElement(slot, head, to: &writer)
            writer.append("\r\n")
        }
        if tells.contains(.via) {
            writeVia(requestHead.fields, head, requestHead.version, to: &writer)
        }
    }

    private func writeXForwarded(
        _ slot: UInt32, _ head: Span<UInt8>, _ isTrusted: Bool, to writer: inout HeadWriter
    ) {
        writer.append("X-Forwarded-For: ")
        if isTrusted { writeValues(requestHead.fields, .xForwardedFor, head, to: &writer) }
        writeAddress(slot, bracketed: false, to: &writer)
        writer.append("\r\n")
        if !isTrusted || !has(.xForwardedProto) { writer.append("X-Forwarded-Proto: http\r\n") }
        let tellsHost = !isTrusted || !has(.xForwardedHost)
        if tellsHost && !requestHead.authority.isEmpty {
            writer.append("X-Forwarded-Host: ")
            writer.append(head, requestHead.authority)
            writer.append("\r\n")
        }
    }

    private func writeForwardedElement(
        _ slot: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter
    ) {
        // Quoted, because neither colons nor brackets may stand in a token (RFC 7239 section 4).
        writer.append("for=\"")
        writeAddress(slot, bracketed: true, to: &writer)
        writer.append("\"")
        if !requestHead.authority.isEmpty {
            writer.append(";host=\"")
            writer.append(head, requestHead.authority)
            writer.append("\"")
        }
        writer.append(";proto=http")
    }

    /// A client on a Unix socket has no address.
    private func writeAddress(_ slot: UInt32, bracketed: Bool, to writer: inout HeadWriter) {
        let address = sessions[slot: slot].address
        if address.isNowhere {
            writer.append("unknown")
        } else {
            writer.appendIPAddress(address, bracketed: bracketed)
        }
    }

    func writeVia(
        _ fields: borrowing FieldTable, _ head: Span<UInt8>, _ version: MessageVersion,
        to writer: inout HeadWriter
    ) {
        writer.append("Via: ")
        writeValues(fields, .via, head, to: &writer)
        writer.append(version == .http10 ? "1.0 gyre\r\n" : "1.1 gyre\r\n")
    }

    private func has(_ name: FieldName) -> Bool {
        for position in 0..<requestHead.fields.count
        where requestHead.fields[position].known == name {
            return true
        }
        return false
    }

    /// Appends the values of all fields of a name, each followed by a comma.
    private func writeValues(
        _ fields: borrowing FieldTable, _ name: FieldName, _ head: Span<UInt8>,
        to writer: inout HeadWriter
    ) {
        for position in 0..<fields.count
        where fields[position].known == name && !fields[position].value.isEmpty {
            writer.append(head, fields[position].value)
            writer.append(", ")
        }
    }
}
