// What a rule asks of a request besides host and path, as plain memory.

internal import Protocols

/// A run of bytes in the conditions' text.
struct TextRange: BitwiseCopyable, Sendable {
    let start: UInt32
    let count: UInt32
}

struct RuleRecord: BitwiseCopyable, Sendable {
    /// A bit for each `Method`; all of them when any method will do.
    var methods = UInt16.max
    var methodNamesCount: UInt8 = 0
    var fieldsCount: UInt8 = 0
    var methodNames: UInt32 = 0
    var fields: UInt32 = 0
}

struct FieldRecord: BitwiseCopyable, Sendable {
    enum Kind: UInt8, BitwiseCopyable { case equals, prefix, present, absent }

    let kind: Kind
    let name: TextRange
    let value: TextRange
}

/// The conditions of all rules, by the rules' places.
struct RuleConditions: ~Copyable, Sendable {
    /// Methods of one rule, and fields of one.
    static let conditionsMax = 64

    private let rules: FixedTable<RuleRecord>
    private let methodNames: FixedTable<TextRange>
    private let fields: FixedTable<FieldRecord>
    private let text: FixedTable<UInt8>

    /// - Parameter rules: with at most `conditionsMax` methods and fields each.
    init(_ rules: [RouteRule]) {
        var records: [RuleRecord] = []
        var names: [TextRange] = []
        var fields: [FieldRecord] = []
        var text: [UInt8] = []
        func store(_ bytes: some Collection<UInt8>) -> TextRange {
            let range = TextRange(start: UInt32(text.count), count: UInt32(bytes.count))
            text += bytes
            return range
        }
        for rule in rules {
            var record = RuleRecord()
            record.methodNames = UInt32(names.count)
            record.fields = UInt32(fields.count)
            if !rule.methods.isEmpty { record.methods = 0 }
            for method in rule.methods {
                let known = Method(named: method.name.span)
                if known == .other {
                    names.append(store(method.name))
                    record.methodNamesCount += 1
                } else {
                    record.methods |= 1 << UInt16(known.rawValue)
                }
            }
            for condition in rule.fields {
                let (kind, value): (FieldRecord.Kind, String) =
                    switch condition.test {
                    case .equals(let value): (.equals, value)
                    case .prefix(let value): (.prefix, value)
                    case .present: (.present, "")
                    case .absent: (.absent, "")
                    }
                fields.append(
                    FieldRecord(
                        kind: kind, name: store(condition.name), value: store(value.utf8)))
                record.fieldsCount += 1
            }
            records.append(record)
        }
        self.rules = FixedTable(records)
        methodNames = FixedTable(names)
        self.fields = FixedTable(fields)
        self.text = FixedTable(text)
    }

    /// Whether a request is as the rule asks.
    func hold(
        for rule: UInt32, _ request: borrowing RequestHead, _ head: Span<UInt8>
    ) -> Bool {
        let record = rules[Int(rule)]
        guard
            record.methods & 1 << UInt16(request.method.rawValue) != 0
                || hasMethod(record, request, head)
        else { return false }
        for place in 0..<UInt32(record.fieldsCount)
        where !holds(fields[Int(record.fields + place)], request.fields, head) {
            return false
        }
        return true
    }

    /// Whether the request's method is one of the rule's unknown ones.
    private func hasMethod(
        _ record: RuleRecord, _ request: borrowing RequestHead, _ head: Span<UInt8>
    ) -> Bool {
        for place in 0..<UInt32(record.methodNamesCount)
        where isText(methodNames[Int(record.methodNames + place)], head, request.methodBytes) {
            return true
        }
        return false
    }

    private func holds(
        _ condition: FieldRecord, _ table: borrowing FieldTable, _ head: Span<UInt8>
    ) -> Bool {
        let start = Int(condition.name.start)
        let name = text.span.extracting(start..<start + Int(condition.name.count))
        var next = 0
        while let place = table.place(of: name, in: head, from: next) {
            var value = table[place].value
            switch condition.kind {
            case .present: return true
            case .absent: return false
            case .equals: break
            case .prefix: value.count = UInt16(min(UInt32(value.count), condition.value.count))
            }
            if isText(condition.value, head, value) { return true }
            next = place + 1
        }
        return condition.kind == .absent
    }

    private func isText(_ range: TextRange, _ head: Span<UInt8>, _ part: ByteRange) -> Bool {
        Int(range.count) == Int(part.count)
            && text.matches(
                Int(range.start), Int(range.count), head, at: Int(part.start))
    }
}
