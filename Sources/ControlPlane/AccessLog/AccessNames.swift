// Names by id, made ready for lines: looked up for each of them, so in one piece of memory and
// escaped already.

internal import DataPlane

/// What a site's ids are called, in the style of a log.
struct AccessNames: Sendable {
    /// Names of one kind, by id; empty for none.
    private struct Table: Sendable {
        var places: [Range<Int>] = []

        subscript(id: UInt32) -> Range<Int>? {
            guard id < places.count, !places[Int(id)].isEmpty else { return nil }
            return places[Int(id)]
        }
    }

    /// Bytes of one name at most, escaped.
    static let bytesMax = 512

    private(set) var bytes: [UInt8] = []
    private var listeners = Table()
    private var routes = Table()
    private var upstreams = Table()
    private var endpoints = Table()

    init(_ names: SiteNames, _ style: AccessStyle) {
        var buffer = LineBuffer(capacity: Self.bytesMax)
        listeners = table(names.listeners, style, &buffer)
        routes = table(names.routes.mapValues(\.name), style, &buffer)
        upstreams = table(names.upstreams, style, &buffer)
        endpoints = table(names.endpoints.mapValues(\.address), style, &buffer)
    }

    func listener(_ id: UInt32) -> Range<Int>? { listeners[id] }
    func route(_ id: UInt32) -> Range<Int>? { routes[id] }
    func upstream(_ id: UInt32) -> Range<Int>? { upstreams[id] }
    func endpoint(_ id: UInt32) -> Range<Int>? { endpoints[id] }

    private mutating func table(
        _ names: [UInt32: String], _ style: AccessStyle, _ buffer: inout LineBuffer
    ) -> Table {
        var table = Table()
        let last = names.keys.max().map { Int($0) + 1 } ?? 0
        table.places = Array(repeating: 0..<0, count: last)
        for (id, name) in names {
            let text = Array(name.utf8.prefix(Self.bytesMax / LineBuffer.escapedBytesMax))
            buffer.append(text.span, 0..<text.count, escapedAs: style, isCut: false)
            let start = bytes.count
            buffer.withBytes { written in
                for index in written.indices { bytes.append(written[index]) }
            }
            buffer.removeAll()
            table.places[Int(id)] = start..<bytes.count
        }
        return table
    }
}

extension SiteNames {
    /// Whether an id stands for something else than it did before.
    func renames(_ before: SiteNames) -> Bool {
        Self.differ(before.listeners, listeners) || Self.differ(before.routes, routes)
            || Self.differ(before.upstreams, upstreams)
            || Self.differ(before.endpoints, endpoints)
    }

    private static func differ<Name: Equatable>(
        _ before: [UInt32: Name], _ after: [UInt32: Name]
    ) -> Bool {
        before.contains { id, name in after[id].map { $0 != name } ?? false }
    }
}
