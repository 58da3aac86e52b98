// What the operator looks at, and what keys change about it. Pure.

/// What rows are sorted by.
enum TopSort: String, CaseIterable, Sendable {
    case requests, errors, latency, name
}

/// The tables, in the order of the screen and of the keys 1 to 5.
enum TopFocus: Int, CaseIterable, Sendable {
    case workers, listeners, endpoints, routes, errors
}

/// A key, or what a terminal sends for it.
enum TopKey: Equatable, Sendable {
    case character(UInt8)
    case up, down, left, right
    case interrupt
    /// To the shell and back; the view does not change.
    case suspend
}

/// Everything about the screen that is not the report.
struct TopView: Equatable, Sendable {
    var sort = TopSort.requests
    var focus = TopFocus.endpoints
    var isPaused = false
    var showsHelp = false
    /// Rows of the table in focus that are above the first one shown.
    var offset = 0
    /// Why there is no newer report; `nil` when there is nothing wrong.
    var trouble: String?

    /// Obeys a key.
    ///
    /// - Returns: false when that is to end.
    mutating func take(_ key: TopKey) -> Bool {
        switch key {
        case .interrupt, .character(UInt8(ascii: "q")), .character(UInt8(ascii: "Q")):
            return false
        case .up: offset = max(0, offset - 1)
        case .down: offset += 1
        case .left: sort = sort.next(by: -1)
        case .right, .character(UInt8(ascii: "s")): sort = sort.next(by: 1)
        case .character(UInt8(ascii: "r")): sort = .requests
        case .character(UInt8(ascii: "e")): sort = .errors
        case .character(UInt8(ascii: "l")): sort = .latency
        case .character(UInt8(ascii: "n")): sort = .name
        case .character(UInt8(ascii: "p")): isPaused.toggle()
        case .character(UInt8(ascii: "?")), .character(UInt8(ascii: "h")): showsHelp.toggle()
        case .character(UInt8(ascii: "\t")): turn(to: focus.rawValue + 1)
        case .character(let byte) where (UInt8(ascii: "1")...UInt8(ascii: "5")).contains(byte):
            turn(to: Int(byte - UInt8(ascii: "1")))
        case .character, .suspend: break
        }
        return true
    }

    private mutating func turn(to number: Int) {
        focus = TopFocus(rawValue: number) ?? .workers
        offset = 0
    }
}

extension TopSort {
    fileprivate func next(by step: Int) -> TopSort {
        let all = Self.allCases
        let index = all.firstIndex(of: self) ?? 0
        return all[(index + step + all.count) % all.count]
    }
}

/// Reads keys from the bytes of a terminal, however they are cut.
struct TopKeys: Sendable {
    private static let escape: UInt8 = 0x1B
    private static let interrupt: UInt8 = 0x03
    private static let suspend: UInt8 = 0x1A

    private enum Phase {
        case plain, escape, sequence
    }

    private var phase = Phase.plain

    init() {}

    /// Takes a byte in.
    ///
    /// - Returns: the key that it completes.
    mutating func take(_ byte: UInt8) -> TopKey? {
        switch phase {
        case _ where byte == Self.interrupt:
            phase = .plain
            return .interrupt
        case _ where byte == Self.suspend:
            phase = .plain
            return .suspend
        case .plain:
            guard byte == Self.escape else { return .character(byte) }
            phase = .escape
        case .escape:
            // CSI, or SS3 when the cursor keys are in application mode (ECMA-48, xterm).
            let opens = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O")
            if opens {
                phase = .sequence
            } else if byte != Self.escape {
                phase = .plain
                return .character(byte)
            }
        case .sequence:
            // Parameters and intermediate bytes come before the final one.
            guard (0x40...0x7E).contains(byte) else { return nil }
            phase = .plain
            switch byte {
            case UInt8(ascii: "A"): return .up
            case UInt8(ascii: "B"): return .down
            case UInt8(ascii: "C"): return .right
            case UInt8(ascii: "D"): return .left
            default: return nil
            }
        }
        return nil
    }
}
