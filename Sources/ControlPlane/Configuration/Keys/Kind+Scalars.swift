// Kinds of one word or number.

internal import Protocols

extension Kind {
    /// A scalar.
    ///
    /// - Parameters:
    ///   - isQuotable: whether it may stand in quotes; numbers and flags are texts then.
    ///   - isSpacious: whether an empty text is a value.
    static func scalar(
        _ expected: String, _ shape: Shape, isQuotable: Bool = true, isSpacious: Bool = false,
        parse: @escaping @Sendable (String) throws(Complaint) -> Value,
        write: @escaping @Sendable (Value) -> YAMLNode?
    ) -> Kind {
        Kind(
            expected: expected, shape: shape,
            read: { node, reading in
                guard reading.visit(node) else { return nil }
                guard case .scalar(let text, let isPlain) = node.content, !node.isNothing else {
                    // `[::]:80` and `:80` within brackets are lists and mappings to YAML.
                    let hint = node.scalar == nil && isQuotable ? "a text in quotes" : nil
                    reading.refuse(node, expected: expected, hint: hint)
                    return nil
                }
                guard isPlain || isQuotable else {
                    reading.refuse(
                        node.place, "\(node.description) in quotes; expected \(expected)",
                        hint: "it without quotes")
                    return nil
                }
                guard isSpacious || !text.isEmpty else {
                    reading.refuse(node.place, "an empty text; expected \(expected)")
                    return nil
                }
                do throws(Complaint) {
                    return try parse(text)
                } catch {
                    reading.refuse(node.place, error.text, hint: error.hint)
                    return nil
                }
            },
            write: write)
    }

    /// One of several words.
    static func words(_ words: [(String, Value)]) -> Kind {
        let names = words.map(\.0)
        let list = names.dropLast().map { "'\($0)'" }.joined(separator: ", ")
        let last = names.last.map { "'\($0)'" } ?? ""
        let expected = list.isEmpty ? last : "\(list) or \(last)"
        return .scalar(
            expected, .words(names),
            parse: { text throws(Complaint) in
                if let word = words.first(where: { $0.0 == text }) { return word.1 }
                throw Complaint(
                    "'\(text)'; expected \(expected)",
                    hint: Suggestion.nearest(to: text, among: names).map { "'\($0)'" })
            },
            write: { value in words.first { $0.1 == value }.map { .word($0.0) } })
    }
}

extension Kind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the cases.
    static var choice: Kind { .words(Value.allCases.map { ($0.rawValue, $0) }) }
}

extension Kind where Value == Bool {
    static var flag: Kind {
        .scalar(
            "true or false", .flag, isQuotable: false,
            parse: { text throws(Complaint) in
                switch text {
                case "true": return true
                case "false": return false
                default:
                    let meant =
                        switch text.lowercased() {
                        case "yes", "on", "true", "1": "true"
                        case "no", "off", "false", "0": "false"
                        default: Suggestion.nearest(to: text, among: ["true", "false"])
                        }
                    throw Complaint(
                        "'\(text)'; expected true or false", hint: meant.map { "'\($0)'" })
                }
            },
            write: { .word($0 ? "true" : "false") })
    }
}

extension Kind where Value: FixedWidthInteger {
    static func number(_ range: ClosedRange<Value>) -> Kind {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        let shape = Shape.number(UInt64(range.lowerBound)...UInt64(range.upperBound))
        return .scalar(
            expected, shape, isQuotable: false,
            parse: { text throws(Complaint) in
                let number = DecimalParser.parse(
                    Substring(text).utf8, maximum: UInt64(range.upperBound))
                // YAML reads a leading zero as octal, or not, depending on who reads.
                let hasLeadingZero = text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "0")
                guard let number, !hasLeadingZero, number >= UInt64(range.lowerBound) else {
                    throw Complaint("'\(text)'; expected \(expected)")
                }
                return Value(number)
            },
            write: { .word("\($0)") })
    }

    /// A size in bytes.
    static func size(_ range: ClosedRange<Value>) -> Kind {
        let text = { @Sendable (bytes: Value) in
            SizeText.text(bytes: UInt64(bytes), isFull: true)
        }
        let expected = "a size from \(text(range.lowerBound)) to \(text(range.upperBound))"
        let shape = Shape.either([
            .number(UInt64(range.lowerBound)...UInt64(range.upperBound)),
            .text(pattern: "^[0-9]+(k|m|g|KiB|MiB|GiB)?$"),
        ])
        return .scalar(
            expected, shape,
            parse: { text throws(Complaint) in
                let bytes: UInt64
                do throws(SizeTextError) {
                    bytes = try SizeText.bytes(text)
                } catch {
                    let unit = String(text.drop { $0.isNumber })
                    let meant = ["KiB", "MiB", "GiB"].first {
                        [
                            $0.lowercased(), String($0.lowercased().prefix(1)),
                            "\($0.prefix(1))b"
                                .lowercased(),
                        ].contains(unit.lowercased())
                    }
                    let number = text.prefix { $0.isNumber }
                    throw Complaint("\(error)", hint: meant.map { "'\(number)\($0)'" })
                }
                guard bytes >= UInt64(range.lowerBound), bytes <= UInt64(range.upperBound) else {
                    throw Complaint("'\(text)'; expected \(expected)")
                }
                return Value(bytes)
            },
            write: { .word(text($0)) })
    }
}

extension Kind where Value == UInt64 {
    /// What nearly all durations may be.
    static var usualDuration: String { "a duration such as 250ms, 5s, 1m or 1h" }

    /// Milliseconds, written with a unit.
    static func duration(minimumMs: UInt64 = 1) -> Kind {
        let minimum = DurationText.text(milliseconds: minimumMs)
        let expected = minimumMs > 1 ? "a duration of at least \(minimum)" : usualDuration
        return .scalar(
            expected, .text(pattern: "^[0-9]+(ms|s|m|h)$"),
            parse: { text throws(Complaint) in
                let milliseconds: UInt64
                do throws(DurationTextError) {
                    milliseconds = try DurationText.milliseconds(text)
                } catch {
                    let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    throw Complaint(
                        "\(error)", hint: isNumber && !text.isEmpty ? "'\(text)s'" : nil)
                }
                guard milliseconds >= minimumMs else {
                    throw Complaint("'\(text)'; expected at least \(minimum)")
                }
                return milliseconds
            },
            write: { .word($0 == 0 ? "0s" : DurationText.text(milliseconds: $0)) })
    }

    /// Microseconds, for how long a processor may be kept waiting.
    static var shortDuration: Kind {
        .scalar(
            "a duration from 1us to 100ms", .text(pattern: "^[0-9]+(us|ms)$"),
            parse: { text throws(Complaint) in
                do throws(DurationTextError) {
                    return try DurationText.microseconds(text)
                } catch {
                    throw Complaint("\(error)")
                }
            },
            write: { us in .word(us % 1_000 == 0 ? "\(us / 1_000)ms" : "\(us)us") })
    }
}

extension Kind where Value == Int {
    static var percent: Kind {
        let expected = "a share from 0% to 100%"
        return .scalar(
            expected, .text(pattern: "^(100|[1-9]?[0-9])%$"),
            parse: { text throws(Complaint) in
                let digits = Substring(
                    text.utf8.last == UInt8(ascii: "%") ? "\(text.dropLast())" : "")
                guard let number = DecimalParser.parse(digits.utf8, maximum: 100),
                    digits.utf8.count == "\(number)".utf8.count
                else {
                    let number = DecimalParser.parse(Substring(text).utf8, maximum: 100)
                    throw Complaint(
                        "'\(text)'; expected \(expected)", hint: number.map { "'\($0)%'" })
                }
                return Int(number)
            },
            write: { .word("\($0)%") })
    }
}

extension Kind where Value == Rate {
    static var rate: Kind {
        let expected = "a rate such as 100/s, 30/m or 5/h"
        return .scalar(
            expected, .text(pattern: "^[1-9][0-9]*/[smh]$"),
            parse: { text throws(Complaint) in
                if let rate = Rate(parsing: text) { return rate }
                let isNumber = UInt32(text).map { $0 > 0 } ?? false
                throw Complaint(
                    "'\(text)'; expected \(expected)", hint: isNumber ? "'\(text)/s'" : nil)
            },
            write: { .word("\($0)") })
    }
}

extension Kind where Value == Configuration.StatusRange {
    static var statuses: Kind {
        let expected = "a status or a range of them, such as 200 or 200-399"
        let shape = Shape.either([
            .number(100...599), .text(pattern: "^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$"),
        ])
        return .scalar(
            expected, shape,
            parse: { text throws(Complaint) in
                let parts = text.split(separator: "-", omittingEmptySubsequences: false)
                let ends = parts.compactMap { part in
                    part.utf8.count == 3 ? DecimalParser.parse(part.utf8, maximum: 599) : nil
                }
                guard (1...2).contains(parts.count), ends.count == parts.count,
                    let lowest = ends.first, let highest = ends.last,
                    lowest >= 100, lowest <= highest
                else { throw Complaint("'\(text)'; expected \(expected)") }
                return Configuration.StatusRange(UInt16(lowest), UInt16(highest))
            },
            write: { range in
                let (lowest, highest) = (range.lowest, range.highest)
                return .word(lowest == highest ? "\(lowest)" : "\(lowest)-\(highest)")
            })
    }
}
