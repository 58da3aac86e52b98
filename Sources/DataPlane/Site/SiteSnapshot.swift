// One state of the configuration as workers read it: plain tables, built once by the control plane,
// shared by all workers, never changed. Exchanges keep the snapshot that they began with.

internal import Protocols

/// An immutable site. Its tables live as long as it does.
package final class SiteSnapshot: Sendable {
    private let text: FixedTable<UInt8>
    private let names: FixedTable<TablePart>
    private let blocks: FixedTable<IPBlock>
    private let listeners: FixedTable<ListenerRecord>
    private let routes: FixedTable<RouteRecord>
    private let upstreams: FixedTable<UpstreamRecord>
    private let endpoints: FixedTable<EndpointRecord>
    /// By the upstreams' ids.
    private let balancers: [UInt32: SharedBalancer]
    /// Of listeners with limits for each source, by their ids.
    private let gates: [UInt32: SharedGate]
    /// What workers look at.
    let view: SiteView

    /// - Parameters:
    ///   - description: within `SiteLimits`, ids of each kind different, positions right.
    ///   - previous: the one before, whose tables are taken over where nothing has changed.
    /// - Throws: when the routes of a listener exceed a limit.
    package init(
        _ description: SiteDescription, after previous: SiteSnapshot? = nil
    ) throws(RouteError) {
        var draft = SiteDraft(previous?.balancers ?? [:], previous?.gates ?? [:])
        for upstream in description.upstreams { draft.append(upstream) }
        do throws(RouteError) {
            for listener in description.listeners { try draft.append(listener) }
        } catch {
            for listener in draft.listeners { listener.index.destroy() }
            throw error
        }
        text = FixedTable(draft.text)
        names = FixedTable(draft.names)
        blocks = FixedTable(draft.blocks)
        listeners = FixedTable(draft.listeners)
        routes = FixedTable(draft.routes)
        upstreams = FixedTable(draft.upstreams)
        endpoints = FixedTable(draft.endpoints)
        balancers = draft.balancers
        gates = draft.gates
        view = SiteView(
            text: text.view, names: names.view, blocks: blocks.view, listeners: listeners.view,
            routes: routes.view, upstreams: upstreams.view, endpoints: endpoints.view)
    }

    deinit {
        for position in 0..<listeners.count { listeners[position].index.destroy() }
    }
}

/// An upstream's tables for choosing endpoints, in one snapshot or in several.
final class SharedBalancer: Sendable {
    let plan: BalancerPlan
    let tables: Shared<BalancerTables>

    init(_ plan: BalancerPlan) {
        self.plan = plan
        tables = Shared(BalancerTables(plan))
    }

    deinit {
        tables.destroy()
    }
}

/// The tables of a snapshot. Valid while it is held.
struct SiteView: BitwiseCopyable, Sendable {
    /// Names and other bytes, one behind the other.
    let text: TableView<UInt8>
    /// Names of fields, in the text.
    let names: TableView<TablePart>
    let blocks: TableView<IPBlock>
    let listeners: TableView<ListenerRecord>
    let routes: TableView<RouteRecord>
    let upstreams: TableView<UpstreamRecord>
    let endpoints: TableView<EndpointRecord>

    /// A part of the text.
    @_lifetime(immortal)
    func bytes(_ part: TablePart) -> Span<UInt8> { text.span.extracting(part.range) }

    /// Whether a block in a part of `blocks` holds `address`.
    func contains(_ address: IPBytes, in part: TablePart) -> Bool {
        for position in part.range where blocks[position].contains(address) { return true }
        return false
    }
}

/// A part of one of a snapshot's tables.
struct TablePart: BitwiseCopyable, Sendable {
    let start: UInt32
    let end: UInt32

    static let empty = TablePart(0..<0)

    init(_ range: Range<Int>) {
        start = UInt32(range.lowerBound)
        end = UInt32(range.upperBound)
    }

    var range: Range<Int> { Int(start)..<Int(end) }

    var count: UInt32 { end - start }

    var isEmpty: Bool { start == end }
}

/// A listener's part of a snapshot.
struct ListenerRecord: BitwiseCopyable, Sendable {
    let id: UInt32
    let isHTTP: Bool
    let tcp: TCPPolicy
    let http: HTTPPolicy
    /// Clients whose forwarding fields are believed, in `blocks`.
    let trusted: TablePart
    /// The name of the field that tells the endpoint a request's id, in `text`; empty for none.
    let requestIDName: TablePart
    /// The same name in lower case.
    let requestIDKey: TablePart
    /// Clients that have to begin with a PROXY header, in `blocks`, and how long it may take.
    let proxies: TablePart
    let proxyTimeoutMs: UInt64
    /// Position of the upstream of a TCP listener.
    let upstream: UInt32
    /// The routes of an HTTP listener, in `routes`.
    let routes: TablePart
    /// Whether the first of them takes everything.
    let hasOneRoute: Bool
    /// Finds one of them, as a position among them.
    let index: Shared<RouteIndex>
    /// Clients at once; `.max` for any number.
    let clientsMax: UInt32
    let gate: SourceGate

    /// Whether requests are given anything that they can be found by.
    var identifies: Bool { !requestIDName.isEmpty || http.makesTraceparent }
}

/// An upstream's part of a snapshot.
struct UpstreamRecord: BitwiseCopyable, Sendable {
    let id: UInt32
    let policy: UpstreamPolicy
    let endpoints: TablePart
    let balancer: Shared<BalancerTables>
    let balancesBy: BalanceKeyKind
    /// The name of a field or cookie that it is balanced by, in `text`.
    let keyName: TablePart
    /// Of the cookie that keeps clients at their endpoints, in `text`; empty for none.
    let stickyName: TablePart
    /// What stands behind the cookie's value in Set-Cookie, with its line end, in `text`.
    let stickyAttributes: TablePart
}

/// What a balancer is told about a request.
enum BalanceKeyKind: UInt8, BitwiseCopyable, Sendable {
    case none, source, path, field, cookie
}

/// An endpoint's part of a snapshot.
struct EndpointRecord: BitwiseCopyable, Sendable {
    let id: UInt32
    let address: AddressReference
    /// What a Host field says of it (RFC 9110 section 7.2), in `text`.
    let host: TablePart
    /// What the cookie says that keeps clients here.
    let sticky: UInt64
}
