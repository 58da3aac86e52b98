// Reading of option values, and what is said when they are wrong.

internal import ArgumentParser
internal import ControlPlane
internal import LoadGeneration
internal import Protocols

/// The value of `--workers`.
enum WorkerCount: Equatable {
    case automatic
    case exactly(Int)
}

/// The value of a limit that can be switched off.
enum OptionalLimit: Equatable {
    case off
    case bytes(UInt64)
}

/// A list that was given as one value.
struct ValueList<Item: Sendable>: Sendable {
    let items: [Item]
}

/// Readers of option values; what they throw says what was expected.
enum Values {
    static let workersMax = 1024

    static func address(_ text: String) throws -> AddressText {
        try reading { () throws(AddressTextError) in try AddressText(parsing: text) }
    }

    static func addressList(_ text: String) throws -> ValueList<AddressText> {
        try list(text, of: address)
    }

    static func block(_ text: String) throws -> IPBlock {
        try reading { () throws(IPBlockError) in try IPBlock(parsing: text) }
    }

    static func blockList(_ text: String) throws -> ValueList<IPBlock> {
        try list(text, of: block)
    }

    static func duration(_ text: String) throws -> UInt64 {
        try reading { () throws(DurationTextError) in try DurationText.milliseconds(text) }
    }

    /// Microseconds; 0 for off.
    static func busyPoll(_ text: String) throws -> UInt64 {
        if text == "off" { return 0 }
        return try reading { () throws(DurationTextError) in
            try DurationText.microseconds(text)
        }
    }

    static func size(_ text: String) throws -> UInt64 {
        try reading { () throws(SizeTextError) in try SizeText.bytes(text) }
    }

    static func workers(_ text: String) throws -> WorkerCount {
        text == "auto" ? .automatic : .exactly(try count(text, in: 1...workersMax, or: "auto"))
    }

    static func connections(_ text: String) throws -> Int {
        try count(text, in: 1...ResourceShares.connectionsMax)
    }

    /// A limit of 0 bytes would be read as "off" by some and as "nothing" by others.
    static func optionalLimit(_ text: String) throws -> OptionalLimit {
        if text == "off" { return .off }
        let bytes = try size(text)
        guard bytes > 0 else { throw ValidationError("expected at least 1 byte, or 'off'") }
        return .bytes(bytes)
    }

    static func count<Number: FixedWidthInteger>(
        _ text: String, in range: ClosedRange<Number>, or other: String? = nil
    ) throws -> Number {
        let number = DecimalParser.parse(Substring(text).utf8, maximum: UInt64(range.upperBound))
        guard let number, number >= UInt64(range.lowerBound) else {
            let alternative = other.map { " or '\($0)'" } ?? ""
            throw ValidationError(
                "expected a number from \(range.lowerBound) to \(range.upperBound)\(alternative)")
        }
        return Number(number)
    }

    static func benchTarget(_ text: String) throws -> BenchTarget {
        try reading { () throws(BenchTargetError) in try BenchTarget(parsing: text) }
    }

    static func connectionCounts(_ text: String) throws -> ValueList<Int> {
        let counts = try list(text) { try count($0, in: 1...BenchOptions.connectionsMax) }
        guard counts.items.count <= BenchOptions.connectionCountsMax else {
            throw ValidationError(
                "expected at most \(BenchOptions.connectionCountsMax) numbers")
        }
        guard Set(counts.items).count == counts.items.count else {
            throw ValidationError("a number is given twice")
        }
        return counts
    }

    static func benchDuration(_ text: String) throws -> UInt64 {
        let milliseconds = try duration(text)
        let range = BenchOptions.durationMsRange
        guard range.contains(milliseconds) else {
            let ends = [range.lowerBound, range.upperBound].map(DurationText.text(milliseconds:))
            throw ValidationError("expected \(ends[0]) to \(ends[1])")
        }
        return milliseconds
    }

    static let logLevels = Configuration.LogLevel.allCases.map(\.rawValue)

    static func logLevel(_ text: String) throws -> Configuration.LogLevel {
        guard let level = Configuration.LogLevel(rawValue: text) else {
            throw ValidationError("expected one of \(logLevels.joined(separator: ", "))")
        }
        return level
    }

    static func accessTarget(_ text: String) throws -> AccessTarget {
        guard let target = AccessTarget(parsing: text) else {
            throw ValidationError("expected stdout, an absolute path or syslog:/path")
        }
        return target
    }

    static func accessFormat(_ text: String) throws -> AccessFormat {
        do throws(AccessFormatError) {
            return try AccessFormat(parsing: text)
        } catch {
            throw ValidationError(error.text)
        }
    }

    private static func list<Item: Sendable>(
        _ text: String, of item: (String) throws -> Item
    ) throws -> ValueList<Item> {
        let texts = try reading { () throws(CommaListError) in try CommaList.items(text) }
        return ValueList(items: try texts.map { try item(String($0)) })
    }

    /// What a reader of texts says becomes what the command line says.
    private static func reading<Value, Failure: Error>(
        _ read: () throws(Failure) -> Value
    ) throws -> Value {
        do {
            return try read()
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

extension Option where Value == UInt64 {
    /// A duration in milliseconds.
    ///
    /// - Parameters:
    ///   - wrappedValue: the default, which the help names.
    ///   - help: a sentence.
    ///   - minimumMs: the shortest that makes sense.
    init(wrappedValue: Value, duration help: String, minimumMs: UInt64 = 1) {
        let fallback = DurationText.text(milliseconds: wrappedValue)
        self.init(
            wrappedValue: wrappedValue,
            help: ArgumentHelp("\(help) (default: \(fallback))", valueName: "time"),
            transform: { text in
                let milliseconds = try Values.duration(text)
                guard milliseconds >= minimumMs else {
                    let minimum = DurationText.text(milliseconds: minimumMs)
                    throw ValidationError("expected at least \(minimum)")
                }
                return milliseconds
            })
    }
}

extension Option where Value == Int {
    /// A size in bytes.
    ///
    /// - Parameters:
    ///   - wrappedValue: the default, which the help names.
    ///   - help: what it limits, without a full stop.
    ///   - range: in bytes; the help names its ends.
    init(wrappedValue: Value, size help: String, in range: ClosedRange<Int>) {
        let text = { (bytes: Int) in SizeText.text(bytes: UInt64(bytes)) }
        let ends = "\(text(range.lowerBound)) to \(text(range.upperBound))"
        self.init(
            wrappedValue: wrappedValue,
            help: ArgumentHelp(
                "\(help), \(ends). (default: \(text(wrappedValue)))", valueName: "size"),
            transform: { text in
                let bytes = Int(clamping: try Values.size(text))
                guard range.contains(bytes) else {
                    throw ValidationError("expected a size from \(ends)")
                }
                return bytes
            })
    }
}

extension Option where Value: FixedWidthInteger & Sendable {
    /// A number.
    ///
    /// - Parameters:
    ///   - wrappedValue: the default, which the help names.
    ///   - help: what it counts, without a full stop.
    ///   - range: the help names its ends.
    init(wrappedValue: Value, count help: String, in range: ClosedRange<Value>) {
        let ends = "\(range.lowerBound) to \(range.upperBound)"
        self.init(
            wrappedValue: wrappedValue,
            help: ArgumentHelp("\(help), \(ends). (default: \(wrappedValue))", valueName: "N"),
            transform: { try Values.count($0, in: range) })
    }
}
