// A name server of our own, on loopback, whose answers a test changes as it goes.

import Foundation

/// A DNS server and the file it answers from.
public final class DNSZone: Sendable {
    private let directory: TemporaryDirectory
    private let server: ScriptedOrigin

    /// - Parameter entries: by name and type, as `a.test A`; see `entry`.
    public init(_ entries: [String: String]) throws {
        directory = try TemporaryDirectory()
        let path = directory.file("zone")
        try Self.write(entries, to: path)
        server = try ScriptedOrigin("Names/dns_server.py", arguments: [path])
    }

    /// Records with a lifetime in seconds.
    public static func entry(_ ttl: Int, _ records: String...) -> String {
        let list = records.map { "\"\($0)\"" }.joined(separator: ", ")
        return "{\"ttl\": \(ttl), \"records\": [\(list)]}"
    }

    /// An address that is not told as it should be.
    ///
    /// - Parameter mode: one that `dns_server.py` knows.
    public static func misbehaving(_ mode: String) -> String {
        "{\"ttl\": 1, \"records\": [\"127.0.0.9\"], \"mode\": \"\(mode)\"}"
    }

    /// What is answered from now on.
    public func set(_ entries: [String: String]) throws {
        try Self.write(entries, to: directory.file("zone"))
    }

    private static func write(_ entries: [String: String], to path: String) throws {
        let members = entries.map { "\"\($0)\": \($1)" }
        let text = "{" + members.joined(separator: ", ") + "}"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    public var address: PeerAddress { server.address }

    /// Queries so far, as `udp a.test A`.
    public var queries: [Substring] {
        server.process.output.split(separator: "\n").dropFirst().map { $0 }
    }
}
