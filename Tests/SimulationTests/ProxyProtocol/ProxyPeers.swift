// Peers of the runs with PROXY headers: clients that begin as they planned to, and origins that
// write down what they were told.

import Protocols
import TestSupport

/// A client. What it sends behind a header is known from its number.
final class ProxyClient: PeerProgram {
    let plan: ProxyClientPlan
    /// Which of the run's clients it is.
    let index: Int
    private let run: ProxyRunPlan
    /// Whether it has to begin with a header.
    private(set) var isProxy = false
    /// What its socket says.
    private(set) var own: ProxyAddresses?
    /// Bytes it got.
    private(set) var received: [UInt8] = []
    private(set) var answers: [String] = []
    private(set) var beganNs: UInt64 = 0
    private(set) var endedNs: UInt64?
    private(set) var brokenNs: UInt64?
    private var asked = 0

    init(_ plan: ProxyClientPlan, index: Int, run: ProxyRunPlan) {
        self.plan = plan
        self.index = index
        self.run = run
    }

    /// Whether it is to be served.
    var isServed: Bool { !isProxy || plan.opening == .conveys || plan.opening == .silent }

    /// Where it is for all that follows.
    var addresses: ProxyAddresses? {
        isProxy && plan.opening == .conveys ? plan.addresses : own
    }

    /// Its bytes behind a header, for TCP.
    var payload: [UInt8] {
        [UInt8(index)] + (0..<plan.amount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
    }

    func begin(_ peer: ProgramPeer) {
        own = peer.connection.addresses
        beganNs = peer.nowNs
        isProxy = run.accepts && peer.connection.peerAddress.isIPv4
        if isProxy {
            peer.send(plan.bytes)
            if plan.opening == .late { return }
            if plan.opening == .cutShort { return peer.end() }
        }
        if run.servesHTTP { ask(peer) } else { peer.send(payload) }
        if plan.resets {
            peer.reset()
        } else if !run.servesHTTP {
            peer.end()
        }
    }

    private func ask(_ peer: ProgramPeer) {
        guard asked < plan.amount else { return peer.end() }
        peer.send(Array("GET /\(index)/\(asked) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        asked += 1
    }

    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        received += bytes
        guard run.servesHTTP else { return }
        while let message = takeMessage(&received) {
            answers.append(message)
            ask(peer)
        }
    }

    func ended(_ peer: ProgramPeer) {
        endedNs = peer.nowNs
        if isProxy && plan.opening == .late { peer.end() }
    }

    func broken(_ peer: ProgramPeer) { brokenNs = peer.nowNs }
    func reached(_: Int, _: ProgramPeer) {}
    func alarm(_: Int, _: ProgramPeer) {}
}

/// An endpoint's side of one connection.
final class ProxyOrigin: PeerProgram {
    private let run: ProxyRunPlan
    /// Which of the run's endpoints it is.
    let endpoint: Int
    /// Bytes it got: all of them for TCP, what is left of them for HTTP.
    private(set) var received: [UInt8] = []
    /// What the header said; `nil` when there was none, or none was expected.
    private(set) var header: ProxyHeader?
    private(set) var hasEnded = false
    /// The clients whose requests came, in their order.
    private(set) var clients: [Int] = []
    /// Where each was said to be.
    private(set) var forwarded: [IPBytes?] = []

    init(run: ProxyRunPlan, endpoint: Int) {
        self.run = run
        self.endpoint = endpoint
    }

    func begin(_ peer: ProgramPeer) {
        // One that speaks first.
        if !run.servesHTTP { peer.send(Array("hi".utf8)) }
    }

    func received(_ bytes: [UInt8], _ peer: ProgramPeer) {
        received += bytes
        guard run.servesHTTP else { return }
        if run.sends != nil, header == nil {
            guard case .complete(let found) = ProxyHeader.parse(received.span) else { return }
            header = found
            received.removeFirst(found.length)
        }
        while let message = takeMessage(&received) { answer(message, peer) }
    }

    private func answer(_ message: String, _ peer: ProgramPeer) {
        let client = message.split(separator: "/").dropFirst().first.flatMap { Int($0) }
        clients.append(client ?? -1)
        let line = message.split(separator: "\r\n").first { $0.hasPrefix("X-Forwarded-For: ") }
        let text = Array((line?.dropFirst(17) ?? "").utf8)
        forwarded.append(
            IPBytes(parsingIPv4: text.span, from: 0, to: text.count)
                ?? IPBytes(parsingIPv6: text.span, from: 0, to: text.count))
        peer.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8))
    }

    func ended(_ peer: ProgramPeer) {
        hasEnded = true
        if !run.servesHTTP { peer.send(Array("\(received.count)".utf8)) }
        peer.end()
    }

    func broken(_: ProgramPeer) {}
    func reached(_: Int, _: ProgramPeer) {}
    func alarm(_: Int, _: ProgramPeer) {}
}

/// Takes a message head off the bytes; bodies are not played here.
private func takeMessage(_ bytes: inout [UInt8]) -> String? {
    let end = Array("\r\n\r\n".utf8)
    guard bytes.count >= 4 else { return nil }
    for index in 0...(bytes.count - 4) where Array(bytes[index..<index + 4]) == end {
        defer { bytes.removeFirst(index + 4) }
        return String(decoding: bytes[..<index], as: UTF8.self)
    }
    return nil
}
