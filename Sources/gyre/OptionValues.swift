// Reading of option values, and what is said when they are wrong.

internal import ArgumentParser
internal import ControlPlane
internal import Logging
internal import Protocols

/// The value of `--workers`.
enum WorkerCount: Equatable {
    case automatic
    case exactly(Int)
}

/// A list of addresses that was given as one value.
struct AddressList {
    let items: [AddressText]
}

/// Readers of option values; what they throw says what was expected.
enum Values {
    static let workersMax = 1024

    static func address(_ text: String) throws -> AddressText {
        do {
            return try AddressText(parsing: text)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    static func addressList(_ text: String) throws -> AddressList {
        do {
            return AddressList(items: try CommaList.items(text).map { try address(String($0)) })
        } catch let error as CommaListError {
            throw ValidationError("\(error)")
        }
    }

    static func duration(_ text: String) throws -> UInt64 {
        do {
            return try DurationText.milliseconds(text)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    static func positiveDuration(_ text: String) throws -> UInt64 {
        let milliseconds = try duration(text)
        guard milliseconds > 0 else { throw ValidationError("expected at least 1ms") }
        return milliseconds
    }

    static func workers(_ text: String) throws -> WorkerCount {
        text == "auto" ? .automatic : .exactly(try count(text, maximum: workersMax, or: "auto"))
    }

    static func connections(_ text: String) throws -> Int {
        try count(text, maximum: ResourceShares.connectionsMax)
    }

    static let logLevels = Logger.Level.allCases.map(\.rawValue)

    static func logLevel(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("expected one of \(logLevels.joined(separator: ", "))")
        }
        return level
    }

    private static func count(_ text: String, maximum: Int, or other: String? = nil) throws -> Int {
        let number = DecimalParser.parse(Substring(text).utf8, maximum: UInt64(maximum))
        guard let number, number > 0 else {
            let alternative = other.map { " or '\($0)'" } ?? ""
            throw ValidationError("expected a number from 1 to \(maximum)\(alternative)")
        }
        return Int(number)
    }
}
