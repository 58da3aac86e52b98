// By what a request can be found again in logs of several programs: its id, in a field that the
// operator names, and its traceparent (W3C Trace Context, section 3.2). What the client sent is
// passed on where it counts; otherwise ours is put in its place.

internal import Protocols

/// The identity of the request in `requestHead`. Valid as long as that is.
struct RequestIdentity: BitwiseCopyable {
    /// The id that came and counts; empty for none.
    var givenID = ByteRange()
    /// The id that was made; zero for none.
    var id: (high: UInt64, low: UInt64) = (0, 0)
    /// The traceparent that came and is valid; empty for none.
    var givenTrace = ByteRange()
    /// The traceparent that was made: the trace's id and the parent's; zero for none.
    var trace: (high: UInt64, low: UInt64) = (0, 0)
    var parent: UInt64 = 0

    /// Bytes of the longest id that counts.
    static var idBytesMax: Int { AccessText.requestID.bytesMax }
}

/// The name of the field with the trace.
enum TraceField {
    /// `traceparent`
    static let name: InlineArray<11, UInt8> = [
        0x74, 0x72, 0x61, 0x63, 0x65, 0x70, 0x61, 0x72, 0x65, 0x6E, 0x74,
    ]
}

extension HTTPProxy {
    /// Learns the identity of the request in `requestHead`, or gives it one.
    ///
    /// - Parameter head: what it was parsed from.
    mutating func identify(_ slot: UInt32, _ head: Span<UInt8>) {
        identity = RequestIdentity()
        let listener = site.value.listeners[slot: sessions[slot: slot].listener]
        let name = listener.record.requestIDName
        if !name.isEmpty {
            let isTrusted = sessions[slot: slot].flags.contains(.isTrusted)
            let bytes = site.value.view(listener.snapshot).bytes(listener.record.requestIDKey)
            if isTrusted, let place = requestHead.fields.place(of: bytes, in: head, from: 0) {
                let value = requestHead.fields[place].value
                if isID(head, value.range) { identity.givenID = value }
            }
            if identity.givenID.isEmpty {
                identity.id = (random.nextPositive(), random.next())
            }
        }
        let makes = listener.record.http.makesTraceparent
        guard makes || logs else { return }
        let traceName = TraceField.name
        if let place = requestHead.fields.place(of: traceName.span, in: head, from: 0) {
            let value = requestHead.fields[place].value
            if TraceParent.isValid(head, value.range) { identity.givenTrace = value }
        }
        guard makes && identity.givenTrace.isEmpty else { return }
        identity.trace = (random.nextPositive(), random.next())
        identity.parent = random.nextPositive()
    }

    /// Whether a value can be an id: visible ASCII without quotes and backslashes, not too long.
    private func isID(_ head: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty, range.count <= RequestIdentity.idBytesMax else { return false }
        for index in range {
            let byte = head[index]
            guard byte > 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C else { return false }
        }
        return true
    }

    /// Writes the fields of the identity, which were left out of those that came.
    func writeIdentity(_ slot: UInt32, _ head: Span<UInt8>, to writer: inout HeadWriter) {
        let listener = site.value.listeners[slot: sessions[slot: slot].listener]
        let name = listener.record.requestIDName
        if !name.isEmpty {
            writer.append(site.value.view(listener.snapshot).text.span, name.range)
            writer.append(": ")
            writeID(head, to: &writer)
            writer.append("\r\n")
        }
        guard listener.record.http.makesTraceparent else { return }
        writer.append("traceparent: ")
        writeTrace(head, to: &writer)
        writer.append("\r\n")
    }

    func writeID(_ head: Span<UInt8>, to writer: inout HeadWriter) {
        guard identity.givenID.isEmpty else {
            writer.append(head, identity.givenID)
            return
        }
        guard identity.id.high > 0 else { return }
        writer.appendHex(identity.id.high, digits: 16)
        writer.appendHex(identity.id.low, digits: 16)
    }

    func writeTrace(_ head: Span<UInt8>, to writer: inout HeadWriter) {
        guard identity.givenTrace.isEmpty else {
            writer.append(head, identity.givenTrace)
            return
        }
        guard identity.parent > 0 else { return }
        writer.append("00-")
        writer.appendHex(identity.trace.high, digits: 16)
        writer.appendHex(identity.trace.low, digits: 16)
        writer.append("-")
        writer.appendHex(identity.parent, digits: 16)
        writer.append("-01")
    }
}
