// A table of the screen, which gives up columns when there is no room for all of them. Pure.

/// A column.
struct TopColumn: Equatable, Sendable {
    let title: String
    /// 0 stays always; of the others those with the highest number are given up first.
    var priority = 0
    /// Text on the left, which may be cut; numbers stand on the right.
    var isText = false
    /// Which key sorts by it.
    var sort: TopSort?

    static func text(_ title: String, priority: Int = 0, sort: TopSort? = nil) -> TopColumn {
        TopColumn(title: title, priority: priority, isText: true, sort: sort)
    }

    static func number(_ title: String, priority: Int = 0, sort: TopSort? = nil) -> TopColumn {
        TopColumn(title: title, priority: priority, sort: sort)
    }
}

/// What is shown in one place.
struct TopCell: Equatable, Sendable {
    let text: String
    var style = ScreenStyle.plain

    init(_ text: String, _ style: ScreenStyle = .plain) {
        self.text = TerminalText.clean(text)
        self.style = style
    }

    /// A number that should be 0.
    static func bad(_ number: UInt64) -> TopCell {
        TopCell(TopNumber.count(number), number == 0 ? .plain : .bad)
    }
}

/// A row, with what it can be sorted by.
struct TopRow: Equatable, Sendable {
    let cells: [TopCell]
    var name = ""
    var requests = 0.0
    var errors = 0.0
    var latency = 0.0
}

/// Rows under a heading.
struct TopTable: Equatable, Sendable {
    private static let gap = "  "
    /// Texts are not cut to less.
    private static let textMin = 10

    let columns: [TopColumn]
    /// Each with as many cells as there are columns.
    var rows: [TopRow] = []
    /// Rows that there are besides, which the report has not.
    var leftOut = 0

    /// Sorts by what the key says: the largest first, names from the first on. Rows that are equal
    /// keep their order.
    mutating func sort(by sort: TopSort) {
        guard columns.contains(where: { $0.sort == sort }) else { return }
        let sorted = rows.enumerated().sorted { one, other in
            let order = Self.precedes(one.element, other.element, sort)
            return order ?? (one.offset < other.offset)
        }
        rows = sorted.map(\.element)
    }

    /// `nil` when they are equal.
    private static func precedes(_ one: TopRow, _ other: TopRow, _ sort: TopSort) -> Bool? {
        switch sort {
        case .requests: one.requests == other.requests ? nil : one.requests > other.requests
        case .errors: one.errors == other.errors ? nil : one.errors > other.errors
        case .latency: one.latency == other.latency ? nil : one.latency > other.latency
        case .name: one.name == other.name ? nil : one.name < other.name
        }
    }

    /// The heading and the rows.
    ///
    /// - Parameters:
    ///   - columnsMax: of the screen; what does not fit is left out or cut.
    ///   - sort: the column to mark; `nil` for none.
    ///   - hasFocus: whether keys are for this table.
    func lines(columnsMax: Int, sort: TopSort? = nil, hasFocus: Bool = false) -> [ScreenLine] {
        let widths = fitted(columnsMax)
        var heading = ScreenLine()
        for (index, width) in widths {
            let isSorted = sort != nil && columns[index].sort == sort
            let style: ScreenStyle = isSorted ? .sortedHeading : hasFocus ? .focus : .heading
            append(columns[index].title, style, width, columns[index], to: &heading)
        }
        return [heading.cut(to: columnsMax)]
            + rows.map { row in
                var line = ScreenLine()
                for (index, width) in widths {
                    let cell = row.cells[index]
                    append(cell.text, cell.style, width, columns[index], to: &line)
                }
                return line.cut(to: columnsMax)
            }
    }

    private func append(
        _ text: String, _ style: ScreenStyle, _ width: Int, _ column: TopColumn,
        to line: inout ScreenLine
    ) {
        if !line.pieces.isEmpty { line.append(Self.gap) }
        let text = TerminalText.cut(text, to: width)
        let space = String(repeating: " ", count: max(0, width - TerminalText.width(text)))
        if !column.isText { line.append(space) }
        line.append(text, style)
        if column.isText { line.append(space) }
    }

    /// Which columns are shown, and how wide.
    private func fitted(_ columnsMax: Int) -> [(index: Int, width: Int)] {
        let natural = columns.indices.map { index in
            rows.reduce(TerminalText.width(columns[index].title)) {
                max($0, TerminalText.width($1.cells[index].text))
            }
        }
        let least = columns.indices.map {
            columns[$0].isText ? min(natural[$0], Self.textMin) : natural[$0]
        }
        var shown = Array(columns.indices)
        func need(_ widths: [Int]) -> Int {
            shown.reduce(0) { $0 + widths[$1] } + max(0, shown.count - 1) * Self.gap.count
        }
        while need(least) > columnsMax,
            let last = shown.max(by: { columns[$0].priority < columns[$1].priority }),
            columns[last].priority > 0
        {
            shown.removeAll { $0 == last }
        }
        var spare = max(0, columnsMax - need(least))
        return shown.map { index in
            let more = min(spare, natural[index] - least[index])
            spare -= more
            return (index, least[index] + more)
        }
    }
}
