// Columns of text for people.

/// Rows of cells under a heading, as wide as they need.
struct TextTable {
    private var rows: [[String]]

    /// - Parameter heading: of each column.
    init(_ heading: [String]) {
        rows = [heading]
    }

    /// Whether there is nothing but the heading.
    var isEmpty: Bool { rows.count == 1 }

    mutating func append(_ row: [String]) { rows.append(row) }

    /// Lines without spaces at their ends.
    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
