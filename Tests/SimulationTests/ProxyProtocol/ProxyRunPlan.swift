// Everything that distinguishes one simulated run with PROXY headers from another, drawn from its
// seed before the run begins.

import DataPlane
import Protocols
import TestSupport

/// How a client begins its connection.
enum ProxyOpening: CaseIterable {
    /// A header with addresses.
    case conveys
    /// A header without any.
    case silent
    /// Something that is no header.
    case malformed
    /// A header whose last byte never comes.
    case late
    /// A header without its last byte, and then the end.
    case cutShort
}

/// What one client does, if it has to begin with a header; if not, it begins without one.
struct ProxyClientPlan {
    let opening: ProxyOpening
    let bytes: [UInt8]
    /// What a header that conveys says.
    let addresses: ProxyAddresses
    /// Requests of an HTTP client, bytes of another one.
    let amount: Int
    /// Leaves with a reset when it has sent everything.
    let resets: Bool
    let peer: PeerPlan
    let arrivalNs: UInt64
}

/// The set-up of one run.
struct ProxyRunPlan {
    static let timeoutMs: UInt64 = 5_000

    let seed: UInt64
    let servesHTTP: Bool
    let relay: RelayMode
    let faults: FaultPlan
    let accepts: Bool
    let sends: ProxyVersion?
    let balance: BalancePolicy
    let idleUpstreamsMax: UInt32
    let buffersMax: Int
    let endpoints: [EndpointManner]
    let clients: [ProxyClientPlan]
    let drainNs: UInt64

    init(seed: UInt64) {
        var random = SeededRandom(seed: SeededRandom.mix(seed ^ 0x7072_6F78))
        self.seed = seed
        servesHTTP = random.chance(500)
        relay = servesHTTP ? random.pick([.auto, .copy]) : random.pick(RelayMode.allCases)
        faults = random.chance(300) ? .none : .random(&random)
        accepts = random.chance(850)
        sends = random.chance(700) ? random.pick(ProxyVersion.allCases) : nil
        balance = random.pick([.roundRobin, .leastConnections, .sourceHash])
        idleUpstreamsMax = random.pick([0, 1, 256])
        buffersMax = random.chance(800) ? 4_096 : random.pick([8, 32])
        endpoints = (0..<random.pick(1...3)).map { _ in
            random.chance(900) ? .accepts : .fails(111)
        }
        let arrivalNsMax = random.pick([0, 1_000_000, 200_000_000] as [UInt64])
        var clients: [ProxyClientPlan] = []
        for index in 0..<random.pick(1...12) {
            clients.append(Self.client(index, servesHTTP, arrivalNsMax, &random))
        }
        self.clients = clients
        drainNs = random.chance(800) ? 400_000_000_000 : random.pick(0...2_000_000_000)
    }

    private static func client(
        _ index: Int, _ servesHTTP: Bool, _ arrivalNsMax: UInt64, _ random: inout SeededRandom
    ) -> ProxyClientPlan {
        let addresses = address(index, &random)
        let opening = random.chance(600) ? .conveys : random.pick(ProxyOpening.allCases)
        var bytes = header(opening, addresses, &random)
        switch opening {
        case .conveys, .silent: break
        case .malformed: bytes[random.pick(0...10)] ^= 0x80
        case .late, .cutShort: bytes.removeLast()
        }
        var peer = PeerPlan()
        // Every piece a byte, or as many as make each place the end of one at times.
        peer.pieceBytes = random.chance(300) ? 1...1 : 1...random.pick([8, 64, 16_384])
        peer.sendGapNs = 0...random.pick([0, 1_000, 2_000_000])
        return ProxyClientPlan(
            opening: opening, bytes: bytes, addresses: addresses,
            amount: servesHTTP
                ? random.pick(1...6) : random.magnitude(upTo: peer.pieceBytes.upperBound * 20),
            resets: random.chance(100), peer: peer, arrivalNs: random.pick(0...arrivalNsMax))
    }

    /// A port that no other client has, at an address that some others may have.
    private static func address(_ index: Int, _ random: inout SeededRandom) -> ProxyAddresses {
        let isShared = random.chance(700)
        let bits = isShared ? UInt32(random.pick(1...2)) : UInt32(truncatingIfNeeded: random.next())
        let port = UInt16(index + 1)
        guard random.chance(500) else {
            return ProxyAddresses(
                source: IPBytes(high: 0x2001_0DB8 << 32 | UInt64(bits), low: UInt64(bits)),
                destination: IPBytes(high: 0, low: 1), sourcePort: port, destinationPort: 80)
        }
        return ProxyAddresses(
            source: IPBytes(ipv4: bits | 1), destination: IPBytes(ipv4: 0xC633_6402),
            sourcePort: port, destinationPort: 80)
    }

    private static func header(
        _ opening: ProxyOpening, _ addresses: ProxyAddresses, _ random: inout SeededRandom
    ) -> [UInt8] {
        let version = random.pick(ProxyVersion.allCases)
        var bytes = proxyHeader(version, opening == .silent ? nil : addresses)
        guard version == .v2, opening != .silent, random.chance(500) else { return bytes }
        // PP2_TYPE_NOOP.
        let count = random.pick(0...400)
        bytes += [4, UInt8(count >> 8), UInt8(count & 255)] + [UInt8](repeating: 0, count: count)
        let length = bytes.count - 16
        (bytes[14], bytes[15]) = (UInt8(length >> 8), UInt8(length & 255))
        return bytes
    }

    /// The plan without the clients' bytes.
    var summary: String {
        """
        \(servesHTTP ? "http" : "tcp"), relay \(relay), accepts \(accepts), \
        \(balance), sends \(sends.map { "\($0)" } ?? "nothing"), \(clients.map(\.opening)), \
        endpoints \(endpoints), \(buffersMax) buffers, drain at \(drainNs)
        \(faults)
        """
    }

    /// Whether nothing keeps anybody from being served who should be.
    var isCalm: Bool {
        buffersMax == 4_096 && drainNs == 400_000_000_000 && endpoints.contains(.accepts)
            && faults.connectThrowsPerMille == 0 && faults.connectFailsPerMille == 0
            && faults.connectHangsPerMille == 0
    }
}

/// A header as it is written.
func proxyHeader(_ version: ProxyVersion, _ addresses: ProxyAddresses?) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 128) { buffer, count in
        guard let start = buffer.baseAddress else { return }
        var writer = HeadWriter(start, capacity: 128)
        writer.appendProxyHeader(version, addresses)
        count = writer.count
    }
}
