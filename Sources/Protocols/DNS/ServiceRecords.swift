// The SRV records of a DNS answer (RFC 1035 section 4.1, RFC 2782): pure, and strict about every
// length, because the bytes come from the network. What follows the answer section is not read.

/// Where one instance of a service is.
package struct ServiceRecord: Equatable, Sendable {
    /// The lowest is to be used first.
    package let priority: UInt16
    /// The share among records of the same priority.
    package let weight: UInt16
    package let port: UInt16
    /// A host name without a dot at its end.
    package let host: String

    package init(priority: UInt16, weight: UInt16, port: UInt16, host: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.host = host
    }
}

/// What an answer says of a service.
package struct ServiceRecords: Equatable, Sendable {
    /// None when the service is decidedly not there (RFC 2782: the target `.`).
    package let records: [ServiceRecord]
    /// The shortest of the answer, in seconds; RFC 2181 section 8: below 2^31.
    package let ttlSeconds: UInt32

    package init(records: [ServiceRecord], ttlSeconds: UInt32) {
        self.records = records
        self.ttlSeconds = ttlSeconds
    }

    /// - Parameters:
    ///   - message: a whole answer.
    ///   - recordsMax: further ones are left out.
    /// - Returns: `nil` when it is malformed or has no SRV record.
    package init?(parsing message: Span<UInt8>, recordsMax: Int) {
        var reader = MessageReader(at: MessageReader.headerBytes)
        guard let questions = MessageReader.number(message, at: 4),
            let answers = MessageReader.number(message, at: 6)
        else { return nil }
        for _ in 0..<questions {
            guard reader.name(message) != nil, reader.skip(4, message) else { return nil }
        }
        var found: [ServiceRecord] = []
        var hasService = false
        var shortest = UInt32.max
        for _ in 0..<answers {
            guard reader.name(message) != nil, let record = reader.record(message) else {
                return nil
            }
            shortest = min(shortest, record.ttl >> 31 == 0 ? record.ttl : 0)
            guard record.type == MessageReader.serviceType else { continue }
            hasService = true
            guard let service = Self.service(message, record.data) else { return nil }
            if !service.host.isEmpty && found.count < recordsMax { found.append(service) }
        }
        guard hasService else { return nil }
        records = found
        ttlSeconds = shortest
    }

    private static func service(_ message: Span<UInt8>, _ data: Range<Int>) -> ServiceRecord? {
        guard data.count > 6,
            let priority = MessageReader.number(message, at: data.lowerBound),
            let weight = MessageReader.number(message, at: data.lowerBound + 2),
            let port = MessageReader.number(message, at: data.lowerBound + 4)
        else { return nil }
        var reader = MessageReader(at: data.lowerBound + 6)
        guard let host = reader.name(message), reader.position == data.upperBound,
            host.isEmpty || IPText.isHostName(host[...].utf8)
        else { return nil }
        return ServiceRecord(priority: priority, weight: weight, port: port, host: host)
    }
}

/// A place in a DNS message. Every read is checked; none moves past the end.
private struct MessageReader {
    static let headerBytes = 12
    static let serviceType: UInt16 = 33
    /// RFC 1035 section 3.1: a name has at most 255 bytes, so there are never more labels.
    private static let labelsMax = 128
    private static let nameBytesMax = 255

    private(set) var position: Int

    init(at position: Int) {
        self.position = position
    }

    static func number(_ message: Span<UInt8>, at position: Int) -> UInt16? {
        guard position >= 0, position + 2 <= message.count else { return nil }
        return UInt16(message[position]) << 8 | UInt16(message[position + 1])
    }

    mutating func skip(_ count: Int, _ message: Span<UInt8>) -> Bool {
        guard position + count <= message.count else { return false }
        position += count
        return true
    }

    /// Type, class, TTL and data of a record, behind its name.
    mutating func record(
        _ message: Span<UInt8>
    ) -> (type: UInt16, ttl: UInt32, data: Range<Int>)? {
        guard let type = Self.number(message, at: position),
            let high = Self.number(message, at: position + 4),
            let low = Self.number(message, at: position + 6),
            let length = Self.number(message, at: position + 8),
            skip(10 + Int(length), message)
        else { return nil }
        return (type, UInt32(high) << 16 | UInt32(low), position - Int(length)..<position)
    }

    /// Reads a name and moves behind it.
    ///
    /// - Returns: labels with dots between them, empty for the root; `nil` when it is malformed.
    mutating func name(_ message: Span<UInt8>) -> String? {
        var text: [UInt8] = []
        var place = position
        // Behind the first pointer; that is where the name ends in the message.
        var end: Int?
        for _ in 0..<Self.labelsMax {
            guard place < message.count else { return nil }
            let length = Int(message[place])
            if length == 0 {
                position = end ?? place + 1
                return String(decoding: text, as: UTF8.self)
            }
            if length >= 0xC0 {
                // Section 4.1.4. Pointers lead back, so that they cannot lead in a circle.
                guard let pointer = Self.number(message, at: place),
                    Int(pointer & 0x3FFF) < place
                else { return nil }
                end = end ?? place + 2
                place = Int(pointer & 0x3FFF)
                continue
            }
            guard length < 0x40, place + 1 + length <= message.count,
                text.count + 1 + length <= Self.nameBytesMax
            else { return nil }
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            for index in place + 1...place + length { text.append(message[index]) }
            place += 1 + length
        }
        return nil
    }
}
