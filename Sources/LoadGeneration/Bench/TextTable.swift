// A table for people: columns as wide as what is in them, numbers on the right. Pure.

/// Lines of cells.
struct TextTable {
    private let title: [String]
    private var rows: [[String]] = []

    /// - Parameter title: one cell for each column.
    init(title: [String]) {
        self.title = title
    }

    /// - Parameter cells: as many as the title has.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == title.count)
        rows.append(cells)
    }

    /// An empty line.
    mutating func addGap() {
        rows.append(Array(repeating: "", count: title.count))
    }

    var text: String {
        let all = [title] + rows
        let widths = title.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let lines = all.map { cells in
            let padded = zip(cells, widths).map { cell, width in
                String(repeating: " ", count: width - cell.count) + cell
            }
            let line = padded.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        return lines.joined(separator: "\n")
    }
}

/// Numbers as people read them.
enum NumberText {
    /// With a fixed number of places and commas between thousands; `-` when there is none.
    static func fixed(_ value: Double?, places: Int) -> String {
        guard let value, value.isFinite, value >= 0, value < 1e15 else { return "-" }
        var scale: UInt64 = 1
        for _ in 0..<places { scale *= 10 }
        let (whole, part) = UInt64((value * Double(scale)).rounded())
            .quotientAndRemainder(dividingBy: scale)
        guard places > 0 else { return grouped(whole) }
        let digits = String(part)
        let zeros = String(repeating: "0", count: places - digits.count)
        return "\(grouped(whole)).\(zeros)\(digits)"
    }

    private static func grouped(_ number: UInt64) -> String {
        var result = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0, index % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return String(result.reversed())
    }
}
