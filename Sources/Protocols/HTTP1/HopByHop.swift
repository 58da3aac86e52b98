// The Connection field (RFC 9110 section 7.6.1): what the sender wants of this connection, and
// which other fields are not for those behind the next recipient.

/// The connection options that change what is done with the connection.
struct ConnectionOptions: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    static let close = ConnectionOptions(rawValue: 1)
    static let keepAlive = ConnectionOptions(rawValue: 2)
    static let upgrade = ConnectionOptions(rawValue: 4)
}

extension FieldTable {
    /// Reads the Connection fields and marks the fields they name as not to be passed on.
    ///
    /// Naming the fields that tell where the body ends or which host is meant is refused: who
    /// removed them would change the message for those behind ("hop-by-hop abuse"). RFC 9110
    /// section 7.6.1 forbids to send such options.
    mutating func readConnection(
        _ bytes: Span<UInt8>
    ) throws(HeadRefusal) -> ConnectionOptions {
        var options: ConnectionOptions = []
        guard let first = first(.connection) else { return options }
        // One word, as nearly always.
        if !isRepeated(.connection), let usual = Self.usualOption(bytes, first.value) {
            return usual
        }
        var named = 0
        for index in 0..<count where self[index].known == .connection {
            var list = ListCursor(self[index].value)
            while let option = list.next(bytes) {
                if let usual = Self.usualOption(bytes, option) {
                    options.formUnion(usual)
                    continue
                }
                named += 1
                guard named <= HeadLimits.connectionOptionsMax else {
                    throw .tooManyConnectionOptions
                }
                try markNamed(bytes, option)
            }
        }
        return options
    }

    /// An option that names no field which would not be removed anyway.
    private static func usualOption(
        _ bytes: Span<UInt8>, _ option: ByteRange
    ) -> ConnectionOptions? {
        switch option.count {
        case 2: HeadScanner.equalsIgnoringCase(bytes, option, "te") ? [] : nil
        case 5: HeadScanner.equalsIgnoringCase(bytes, option, "close") ? .close : nil
        case 7: HeadScanner.equalsIgnoringCase(bytes, option, "upgrade") ? .upgrade : nil
        case 10: HeadScanner.equalsIgnoringCase(bytes, option, "keep-alive") ? .keepAlive : nil
        default: nil
        }
    }

    private mutating func markNamed(
        _ bytes: Span<UInt8>, _ option: ByteRange
    ) throws(HeadRefusal) {
        let start = Int(option.start)
        guard HeadScanner.tokenEnd(bytes, from: start, to: option.end) == option.end else {
            throw .malformedConnection
        }
        switch FieldName.recognise(bytes, start, Int(option.count)) {
        case .contentLength, .transferEncoding, .host: throw .connectionOptionForbidden
        case .other: break
        case let known: return markHopByHop(known)
        }
        for index in 0..<count where self[index].name.count == option.count {
            if HeadScanner.equalsIgnoringCase(bytes, self[index].name, option) {
                markHopByHop(index)
            }
        }
    }

    /// Whether the connection can carry another message after this one (RFC 9112 section 9.3).
    /// HTTP/1.0 clients may ask for it too: we stand in the origin's place (a gateway, RFC 9110
    /// section 3.7), so that what is said about proxies and such clients does not apply.
    static func isPersistent(_ version: MessageVersion, _ options: ConnectionOptions) -> Bool {
        guard !options.contains(.close) else { return false }
        return version == .http11 || options.contains(.keepAlive)
    }

    /// The value of Upgrade, if it means anything: in HTTP/1.1, named by Connection, given once
    /// (RFC 9110 section 7.8). Empty otherwise.
    func upgrade(_ version: MessageVersion, _ options: ConnectionOptions) -> ByteRange {
        guard version == .http11, options.contains(.upgrade), !isRepeated(.upgrade),
            let field = first(.upgrade)
        else { return ByteRange() }
        return field.value
    }
}
