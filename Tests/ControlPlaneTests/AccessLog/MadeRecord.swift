// Records as workers make them, made by hand.

import Protocols

@testable import ControlPlane
@testable import DataPlane

/// A record with its texts.
struct MadeRecord {
    var record = AccessRecord()
    var texts: [AccessText: [UInt8]] = [:]

    /// A plain exchange.
    static var exchange: MadeRecord {
        var made = MadeRecord()
        made.record.status = 200
        made.record.tries = 1
        made.record.worker = 1
        made.record.listener = 0
        made.record.route = 3
        made.record.upstream = 0
        made.record.endpoint = 2
        made.record.connection = 77
        made.record.client = IPBytes(ipv4: 0x7F00_0001)
        made.record.beganNs = 1_234_567_891
        made.record.totalNs = 1_500_499
        made.record.connectNs = 400
        made.record.firstByteNs = 1_000_500
        made.record.ownNs = 12_000
        made.record.bytesIn = 80
        made.record.bytesOut = 250
        made.record.bodyBytesOut = 64
        made.texts = [
            .method: Array("GET".utf8), .target: Array("/a?b=c".utf8),
            .host: Array("example.org".utf8), .userAgent: Array("curl/8".utf8),
            .referer: Array("http://x/".utf8), .requestID: Array("r-1".utf8),
            .traceparent: Array(
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".utf8),
        ]
        return made
    }

    /// A forwarded connection.
    static var flow: MadeRecord {
        var made = MadeRecord()
        made.record.kind = .flow
        made.record.end = .idleTimeout
        made.record.tries = 2
        made.record.listener = 1
        made.record.client = IPBytes(high: 0, low: 0)
        made.record.totalNs = 9_000
        return made
    }

    /// The record with the lengths of its texts, and all of them one behind the other.
    var parts: (record: AccessRecord, texts: [UInt8]) {
        var record = record
        var all: [UInt8] = []
        for text in AccessText.allCases {
            let bytes = texts[text] ?? []
            record.lengths[text.rawValue] = UInt16(bytes.count)
            all += bytes
        }
        return (record, all)
    }

    /// - Returns: whether there was room.
    @discardableResult
    func append(to ring: AccessRing) -> Bool {
        let (record, all) = parts
        let isThere = ring.append(record, texts: all.span) != nil
        _ = ring.publish()
        return isThere
    }

    /// Its line, without the end.
    func line(_ format: AccessFormat, _ names: SiteNames = .made) -> String {
        let bytes = bytes(format, names)
        return String(validating: bytes.dropLast(), as: UTF8.self) ?? "not UTF-8"
    }

    func bytes(_ format: AccessFormat, _ names: SiteNames = .made) -> [UInt8] {
        var line = AccessLine(format, names)
        // 2026-11-26T06:28:38Z.
        line.wallOffsetNs = 1_795_674_518_000_000_000 - 1_234_567_891
        var buffer = LineBuffer(capacity: line.bytesMax)
        let (record, all) = parts
        line.append(record, all.span, to: &buffer)
        return buffer.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    }
}

extension SiteNames {
    /// Listeners `web` (0) and `db` (1), route `api` (3), upstream `app` (0) with an endpoint (2).
    static var made: SiteNames { named(endpoint: "10.0.0.1:80") }

    static func named(endpoint address: String) -> SiteNames {
        var site = AssembledSite(description: SiteDescription(listeners: [], upstreams: []))
        site.listenerIDs = ["web": 0, "db": 1]
        site.routes = [3: AssembledRoute(listener: "web", name: "api")]
        site.upstreamIDs = ["app": 0]
        let socket = SocketAddress(unixPath: "/run/app.sock")
        if let socket {
            site.endpoints[2] = AssembledEndpoint(
                upstream: "app", upstreamID: 0,
                endpoint: ResolvedEndpoint(
                    address: AddressReference(keeping: socket), key: address, name: "app one",
                    host: "app", weight: 1))
        }
        var names = SiteNames()
        names.add(site)
        return names
    }
}
