// One state of the configuration as workers read it: plain tables, built once by the control plane,
// shared by all workers, never changed. Exchanges keep the snapshot that they began with.

internal import Protocols

/// An immutable site. Its tables live as long as it does.
package final class SiteSnapshot: Sendable {
    private let text: FixedTable<UInt8>
    private let blocks: FixedTable<IPBlock>
    private let listeners: FixedTable<ListenerRecord>
    private let upstreams: FixedTable<UpstreamRecord>
    private let endpoints: FixedTable<EndpointRecord>
    /// What workers look at.
    let view: SiteView

    /// - Parameter description: within `SiteLimits`, ids of each kind different, positions right.
    package init(_ description: SiteDescription) {
        var draft = SiteDraft()
        for upstream in description.upstreams { draft.append(upstream) }
        for listener in description.listeners { draft.append(listener) }
        text = FixedTable(draft.text)
        blocks = FixedTable(draft.blocks)
        listeners = FixedTable(draft.listeners)
        upstreams = FixedTable(draft.upstreams)
        endpoints = FixedTable(draft.endpoints)
        view = SiteView(
            text: text.view, blocks: blocks.view, listeners: listeners.view,
            upstreams: upstreams.view, endpoints: endpoints.view)
    }
}

/// The tables of a snapshot. Valid while it is held.
struct SiteView: BitwiseCopyable, Sendable {
    /// Names, one behind the other.
    let text: TableView<UInt8>
    let blocks: TableView<IPBlock>
    let listeners: TableView<ListenerRecord>
    let upstreams: TableView<UpstreamRecord>
    let endpoints: TableView<EndpointRecord>
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
}

/// A listener's part of a snapshot.
struct ListenerRecord: BitwiseCopyable, Sendable {
    let id: UInt32
    let isHTTP: Bool
    let tcp: TCPPolicy
    let http: HTTPPolicy
    /// Clients whose forwarding fields are believed, in `blocks`.
    let trusted: TablePart
    /// Position of the upstream.
    let upstream: UInt32
}

/// An upstream's part of a snapshot.
struct UpstreamRecord: BitwiseCopyable, Sendable {
    let id: UInt32
    let policy: UpstreamPolicy
    let endpoints: TablePart
}

/// An endpoint's part of a snapshot.
struct EndpointRecord: BitwiseCopyable, Sendable {
    let id: UInt32
    let address: AddressReference
    /// What a Host field says of it (RFC 9110 section 7.2), in `text`.
    let host: TablePart
}

/// The tables of a snapshot while it is built.
private struct SiteDraft {
    var text: [UInt8] = []
    var blocks: [IPBlock] = []
    var listeners: [ListenerRecord] = []
    var upstreams: [UpstreamRecord] = []
    var endpoints: [EndpointRecord] = []

    mutating func append(_ upstream: UpstreamDescription) {
        let start = endpoints.count
        for endpoint in upstream.endpoints {
            let host = text.count
            text += Array(endpoint.host.utf8)
            endpoints.append(
                EndpointRecord(
                    id: endpoint.id, address: endpoint.address,
                    host: TablePart(host..<text.count)))
        }
        upstreams.append(
            UpstreamRecord(
                id: upstream.id, policy: upstream.policy,
                endpoints: TablePart(start..<endpoints.count)))
    }

    mutating func append(_ listener: ListenerDescription) {
        switch listener.service {
        case .tcp(let policy, let upstream):
            precondition(upstreams.indices.contains(upstream))
            listeners.append(
                ListenerRecord(
                    id: listener.id, isHTTP: false, tcp: policy, http: HTTPPolicy(),
                    trusted: .empty, upstream: UInt32(upstream)))
        case .http(let policy, let trusted, let upstream):
            precondition(upstreams.indices.contains(upstream))
            let start = blocks.count
            blocks += trusted
            listeners.append(
                ListenerRecord(
                    id: listener.id, isHTTP: true, tcp: TCPPolicy(), http: policy,
                    trusted: TablePart(start..<blocks.count), upstream: UInt32(upstream)))
        }
    }
}
