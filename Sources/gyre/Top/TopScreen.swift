// The screen of `gyre top`: from a report, a size and a view to lines. Pure.

internal import ControlPlane

/// Lays the screen out.
struct TopScreen {
    /// In characters.
    struct Size: Equatable, Sendable {
        var columns: Int
        var rows: Int
    }

    let report: LiveReport
    let view: TopView
    let columns: Int

    /// From so many rows on the longer windows and all stages are shown.
    private static let wholeRows = 36
    /// Below so many rows there are no latencies, below the other one no rates.
    private static let latencyRows = 16
    private static let ratesRows = 8
    /// What each table is given before one is given more; the one in focus half of the room.
    private static let rowsFirst = 3

    /// Tables by how much they are wanted; the one in focus comes before all of them.
    private static let order: [TopFocus] = [.endpoints, .routes, .workers, .listeners, .errors]

    /// As many lines as there are rows, or fewer, none wider than the screen.
    static func lines(_ report: LiveReport, _ size: Size, _ view: TopView) -> [ScreenLine] {
        guard size.rows > 0, size.columns > 0 else { return [] }
        let screen = TopScreen(report: report, view: view, columns: size.columns)
        let footer = size.rows > 3 ? [screen.footer] : []
        let room = size.rows - footer.count
        var lines = screen.head
        if size.rows >= ratesRows {
            lines += screen.summary(isWhole: size.rows >= wholeRows, room: size.rows)
        }
        lines = Array(lines.prefix(room))
        lines += screen.tables(in: room - lines.count)
        let space = Array(repeating: ScreenLine(), count: max(0, room - lines.count))
        return (lines + space + footer).map { $0.cut(to: size.columns) }
    }

    /// Everything, whatever room it takes, as text.
    static func text(_ report: LiveReport, columns: Int) -> [String] {
        let screen = TopScreen(report: report, view: TopView(), columns: columns)
        var lines = screen.head + screen.summary(isWhole: true, room: .max)
        for focus in TopFocus.allCases {
            let table = TopTables.table(focus, report)
            guard !table.rows.isEmpty else { continue }
            lines += screen.lines(table, rows: table.rows.count, isInFocus: false)
        }
        return lines.map { $0.cut(to: columns).text }
    }

    /// How many rows the table in focus has.
    static func rowCount(_ report: LiveReport, _ focus: TopFocus) -> Int {
        TopTables.table(focus, report).rows.count
    }

    // MARK: the top

    private var head: [ScreenLine] {
        var first = ScreenLine("gyre \(report.version)", .strong)
        first.append("  pid \(report.pid)  ")
        first.append(report.state.rawValue, report.state == .serving ? .good : .warning)
        if !report.isReady {
            first.append("  not ready", .bad)
            if let reason = report.notReadyReason { first.append(": \(reason)") }
        } else {
            first.append("  ready", .good)
        }
        first.append("  up \(StatusText.duration(report.uptimeMs))  \(report.backend)")
        first.append("  configuration \(report.generation)")
        first.append(" (\(report.configuration))", .faint)
        let connections = report.connections
        var second = ScreenLine("clients ")
        second.append(TopNumber.count(connections.active), .strong)
        second.append(" of \(TopNumber.count(connections.max))")
        second.append("  busy \(TopNumber.count(connections.busy))")
        second.append("  flows \(TopNumber.count(connections.flows))  ")
        second.append(
            "waiting \(TopNumber.count(connections.waiting))",
            connections.waiting > 0 ? .warning : .plain)
        second.append("  to upstreams \(TopNumber.count(connections.upstream))")
        if let accessLog = report.accessLog, accessLog.lost > 0 {
            second.append("  log lines lost \(TopNumber.count(accessLog.lost))", .bad)
        }
        return [first, second]
    }

    private func summary(isWhole: Bool, room: Int) -> [ScreenLine] {
        var lines = TopTables.rates(report, isWhole: isWhole).lines(columnsMax: columns)
        if room >= Self.latencyRows {
            let latencies = TopTables.latencies(report, isWhole: isWhole)
            lines += (isWhole ? [ScreenLine()] : []) + latencies.lines(columnsMax: columns)
        }
        if isWhole { lines = [ScreenLine()] + lines + [ScreenLine(), ends] }
        return lines
    }

    /// Why things ended, the most frequent first.
    private var ends: ScreenLine {
        let totals = report.totals
        var line = ScreenLine("ended", .heading)
        let ends = totals.ends.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        for (word, count) in ends { line.append("  \(word) \(TopNumber.count(count))") }
        for (what, count) in [
            ("retries", totals.retries), ("rate limited", totals.rateLimited),
            ("shed", totals.shed),
        ] where count > 0 {
            line.append("  \(what) \(TopNumber.count(count))", .warning)
        }
        return line
    }

    // MARK: the tables

    /// Tables in the order of their keys, within a number of lines.
    private func tables(in room: Int) -> [ScreenLine] {
        let wanted = [view.focus] + Self.order.filter { $0 != view.focus }
        let tables = wanted.map { focus -> (focus: TopFocus, table: TopTable) in
            var table = TopTables.table(focus, report)
            table.sort(by: view.sort)
            return (focus, table)
        }
        let shares = Self.shares(tables.map(\.table.rows.count), room: room)
        return TopFocus.allCases.flatMap { focus -> [ScreenLine] in
            guard let index = tables.firstIndex(where: { $0.focus == focus }),
                let share = shares[index]
            else { return [] }
            return lines(tables[index].table, rows: share, isInFocus: index == 0)
        }
    }

    private func lines(_ table: TopTable, rows: Int, isInFocus: Bool) -> [ScreenLine] {
        var shown = table
        let count = table.rows.count
        let first = isInFocus ? max(0, min(view.offset, count - rows)) : 0
        shown.rows = Array(table.rows.dropFirst(first).prefix(rows))
        var lines = shown.lines(columnsMax: columns, sort: view.sort, hasFocus: isInFocus)
        if rows < count || table.leftOut > 0 {
            let last = first + shown.rows.count
            let all = count.addingReportingOverflow(table.leftOut).partialValue
            lines[0].append("  \(min(first + 1, last))-\(last) of \(all)", .faint)
        } else if count == 0 {
            lines[0].append("  none", .faint)
        }
        return [ScreenLine()] + lines
    }

    /// How many rows each table is given; `nil` for one that is not shown.
    ///
    /// - Parameters:
    ///   - counts: of rows; the first table is shown also when it has none.
    ///   - room: in lines, of which a table takes two besides its rows.
    static func shares(_ counts: [Int], room: Int) -> [Int?] {
        var shares: [Int?] = Array(repeating: nil, count: counts.count)
        let focusFirst = max(rowsFirst, room / 2)
        var room = room
        for (index, count) in counts.enumerated() where count > 0 || index == 0 {
            let share = min(count, index == 0 ? focusFirst : rowsFirst, room - 2)
            guard share >= min(count, 1) else { continue }
            shares[index] = share
            room -= share + 2
        }
        for (index, share) in shares.enumerated() {
            guard let share else { continue }
            let more = min(counts[index] - share, max(0, room))
            shares[index] = share + more
            room -= more
        }
        return shares
    }

    // MARK: the bottom

    private var footer: ScreenLine {
        if view.showsHelp {
            return ScreenLine(
                "q quit  s sort: r requests e errors l latency n name  1-5 table  p pause  ? back",
                .heading)
        }
        var line = ScreenLine()
        if let trouble = view.trouble {
            line.append("\(trouble); trying again  ", .bad)
        }
        if view.isPaused { line.append("paused  ", .warning) }
        line.append("by \(view.sort.rawValue)  q quit  s sort  1-5 table  p pause  ? help", .faint)
        return line
    }
}
