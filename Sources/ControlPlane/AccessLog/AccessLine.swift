// From a record to a line. Runs for every request there is, so it makes no String and no array: it
// copies literals, names and texts into the buffer, and writes numbers digit by digit.

internal import DataPlane
internal import Protocols

/// Writes lines of one format.
struct AccessLine: Sendable {
    private let format: AccessFormat
    private var names: AccessNames
    /// What is added to the monotonic clock's nanoseconds to get those since the Unix epoch.
    var wallOffsetNs: UInt64 = 0

    init(_ format: AccessFormat, _ names: SiteNames) {
        self.format = format
        self.names = AccessNames(names, format.style)
    }

    mutating func setNames(_ names: SiteNames) {
        self.names = AccessNames(names, format.style)
    }

    /// No line is longer, its newline included.
    var bytesMax: Int {
        format.literals.count + 1
            + format.pieces.reduce(0) { $0 + ($1.field.map(Self.bytesMax) ?? 0) }
    }

    /// Writes a line, for which there has to be room.
    ///
    /// - Parameter texts: those of the record, one behind the other.
    func append(
        _ record: borrowing AccessRecord, _ texts: Span<UInt8>, to buffer: inout LineBuffer
    ) {
        let isJSON = format.style == .json
        for piece in format.pieces {
            let mark = buffer.count
            buffer.append(format.literals.span, piece.text)
            guard let field = piece.field else { continue }
            let isQuoted = isJSON && !field.isNumber
            if isQuoted { buffer.append(UInt8(ascii: "\"")) }
            let isThere = append(field, record, texts, to: &buffer)
            if isQuoted { buffer.append(UInt8(ascii: "\"")) }
            guard !isThere else { continue }
            if isJSON { buffer.rewind(to: mark) } else { buffer.append(UInt8(ascii: "-")) }
        }
        buffer.append(LineBuffer.lineEnd)
    }

    /// Bytes of a value, its quotes included, at most.
    private static func bytesMax(_ field: AccessField) -> Int {
        switch field {
        case .listener, .route, .upstream, .endpoint: return AccessNames.bytesMax + 2
        case .request: return bytesMax(.method) + bytesMax(.target) + 10
        default: break
        }
        guard let text = field.text else { return 64 }
        return text.bytesMax * LineBuffer.escapedBytesMax + LineBuffer.cutBytesMax + 2
    }

    // MARK: Values

    /// - Returns: false when there is none; nothing was written then.
    private func append(
        _ field: AccessField, _ record: borrowing AccessRecord, _ texts: Span<UInt8>,
        to buffer: inout LineBuffer
    ) -> Bool {
        switch field {
        case .time: appendTime(record.beganNs &+ wallOffsetNs, to: &buffer)
        case .timeCommon: appendTimeCommon(record.beganNs &+ wallOffsetNs, to: &buffer)
        case .kind: buffer.append(record.kind.word)
        case .end: buffer.append(record.end.word)
        case .client: return appendClient(record.client, to: &buffer)
        case .status: return appendStatus(record.status, to: &buffer)
        case .bytesIn: buffer.appendDecimal(record.bytesIn)
        case .bytesOut: buffer.appendDecimal(record.bytesOut)
        case .bodyBytesOut: buffer.appendDecimal(record.bodyBytesOut)
        case .tries: buffer.appendDecimal(UInt64(record.tries))
        case .retries: buffer.appendDecimal(UInt64(max(record.tries, 1) - 1))
        case .worker: buffer.appendDecimal(UInt64(record.worker))
        case .connection: buffer.appendDecimal(record.connection)
        case .totalUs: return append(record.totalNs, to: &buffer)
        case .queueUs: return append(record.queueNs, to: &buffer)
        case .connectUs: return append(record.connectNs, to: &buffer)
        case .firstByteUs: return append(record.firstByteNs, to: &buffer)
        case .ownUs: return append(record.ownNs, to: &buffer)
        case .listener: return append(name: names.listener(record.listener), to: &buffer)
        case .route: return append(name: names.route(record.route), to: &buffer)
        case .upstream: return append(name: names.upstream(record.upstream), to: &buffer)
        case .endpoint: return append(name: names.endpoint(record.endpoint), to: &buffer)
        case .version:
            guard record.lengths[AccessText.method.rawValue] > 0 else { return false }
            buffer.append(record.minorVersion == 0 ? "1.0" : "1.1")
        case .request:
            guard append(.method, record, texts, to: &buffer) else { return false }
            buffer.append(UInt8(ascii: " "))
            _ = append(.target, record, texts, to: &buffer)
            buffer.append(record.minorVersion == 0 ? " HTTP/1.0" : " HTTP/1.1")
        case .traceID:
            let place = Self.place(of: .traceparent, in: record, texts)
            // 00-TRACEID-PARENTID-FLAGS (Trace Context section 3.2.2).
            guard place.count >= 55 else { return false }
            append(texts, place.lowerBound + 3..<place.lowerBound + 35, false, to: &buffer)
        case .method, .target, .host, .userAgent, .referer, .requestID, .traceparent:
            guard let text = field.text else { return false }
            let place = Self.place(of: text, in: record, texts)
            let isCut = record.cutTexts & 1 << UInt8(text.rawValue) != 0
            guard !place.isEmpty || isCut else { return false }
            append(texts, place, isCut, to: &buffer)
        }
        return true
    }

    private func append(
        _ texts: Span<UInt8>, _ place: Range<Int>, _ isCut: Bool, to buffer: inout LineBuffer
    ) {
        buffer.append(texts, place, escapedAs: format.style, isCut: isCut)
    }

    /// Where a text is among all of the record's.
    private static func place(
        of text: AccessText, in record: borrowing AccessRecord, _ texts: Span<UInt8>
    ) -> Range<Int> {
        var start = 0
        for index in 0..<text.rawValue { start += Int(record.lengths[index]) }
        let end = start + Int(record.lengths[text.rawValue])
        return end <= texts.count ? start..<end : 0..<0
    }

    private func append(name place: Range<Int>?, to buffer: inout LineBuffer) -> Bool {
        guard let place else { return false }
        buffer.append(names.bytes.span, place)
        return true
    }

    /// Microseconds.
    private func append(_ durationNs: UInt64, to buffer: inout LineBuffer) -> Bool {
        guard durationNs != AccessRecord.noTime else { return false }
        buffer.appendDecimal((durationNs &+ 500) / 1_000)
        return true
    }

    /// Three digits; in JSON none for an answer that there was not.
    private func appendStatus(_ status: UInt16, to buffer: inout LineBuffer) -> Bool {
        guard status >= 100 || format.style == .plain else { return false }
        if status < 100 {
            buffer.append("000")
        } else {
            buffer.appendDecimal(UInt64(status))
        }
        return true
    }

    /// A client on a Unix socket has no address.
    private func appendClient(_ address: IPBytes, to buffer: inout LineBuffer) -> Bool {
        guard address.high | address.low != 0 else { return false }
        buffer.append { $0.appendIPAddress(address, bracketed: false) }
        return true
    }
}

// MARK: Times

extension AccessLine {
    /// RFC 3339, in UTC, with microseconds.
    private func appendTime(_ unixNs: UInt64, to buffer: inout LineBuffer) {
        let (date, second) = Self.split(unixNs)
        buffer.appendDigits(date.year, 4)
        buffer.append(UInt8(ascii: "-"))
        buffer.appendDigits(date.month, 2)
        buffer.append(UInt8(ascii: "-"))
        buffer.appendDigits(date.day, 2)
        buffer.append(UInt8(ascii: "T"))
        Self.append(second, to: &buffer)
        buffer.append(UInt8(ascii: "."))
        buffer.appendDigits(Int64(unixNs / 1_000 % 1_000_000), 6)
        buffer.append(UInt8(ascii: "Z"))
    }

    /// As Apache and nginx have it, in UTC: `06/Nov/1994:08:49:37 +0000`.
    private func appendTimeCommon(_ unixNs: UInt64, to buffer: inout LineBuffer) {
        let (date, second) = Self.split(unixNs)
        buffer.appendDigits(date.day, 2)
        buffer.append(UInt8(ascii: "/"))
        buffer.append(HTTPDate.monthName(date.month))
        buffer.append(UInt8(ascii: "/"))
        buffer.appendDigits(date.year, 4)
        buffer.append(UInt8(ascii: ":"))
        Self.append(second, to: &buffer)
        buffer.append(" +0000")
    }

    private static func split(
        _ unixNs: UInt64
    ) -> (date: (year: Int64, month: Int64, day: Int64), second: Int64) {
        let seconds = Int64(unixNs / 1_000_000_000)
        return (HTTPDate.civil(seconds / 86_400), seconds % 86_400)
    }

    private static func append(_ secondOfDay: Int64, to buffer: inout LineBuffer) {
        buffer.appendDigits(secondOfDay / 3600, 2)
        buffer.append(UInt8(ascii: ":"))
        buffer.appendDigits(secondOfDay / 60 % 60, 2)
        buffer.append(UInt8(ascii: ":"))
        buffer.appendDigits(secondOfDay % 60, 2)
    }
}

extension LineBuffer {
    fileprivate mutating func appendDecimal(_ number: UInt64) {
        append { $0.appendDecimal(number) }
    }

    /// Writes the last digits of a number, an even number of them, with leading zeros.
    fileprivate mutating func appendDigits(_ number: Int64, _ digits: Int) {
        if digits > 2 { appendDigits(number / 100, digits - 2) }
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10))
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}

extension AccessField {
    /// The text of a record that it is.
    fileprivate var text: AccessText? {
        switch self {
        case .method: .method
        case .target: .target
        case .host: .host
        case .userAgent: .userAgent
        case .referer: .referer
        case .requestID: .requestID
        case .traceparent: .traceparent
        default: nil
        }
    }
}

extension AccessKind {
    /// As it is written.
    fileprivate var word: StaticString {
        switch self {
        case .exchange: "exchange"
        case .flow: "flow"
        case .tunnel: "tunnel"
        }
    }
}
