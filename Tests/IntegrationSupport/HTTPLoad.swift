// The load generators of Debian, and what they report.

import Foundation

/// What a load generator saw.
public struct HTTPLoad: Sendable {
    /// Requests answered.
    public let requests: Int
    /// The lines in which it complains; empty when all was well.
    public let errors: [String]
    /// Requests answered on connections that were kept, as far as the generator counts them.
    public var keptAlive = 0

    /// Keep-alive requests, as fast as they are answered.
    ///
    /// - Parameters:
    ///   - connections: kept open throughout.
    ///   - launcher: a command put in front, such as `perf stat`.
    public static func wrk(
        _ address: PeerAddress, path: String = "/small", connections: Int, seconds: Int,
        launcher: [String] = []
    ) throws -> HTTPLoad {
        let run = try ChildProcess.run(
            launcher + [
                "wrk", "--threads", "1", "--connections", "\(connections)",
                "--duration", "\(seconds)s", "http://\(address)\(path)",
            ], within: Double(seconds) + 20)
        let lines = run.output.split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let complaints = lines.filter { $0.hasPrefix("Socket errors") || $0.hasPrefix("Non-2xx") }
        guard run.status == .exited(0),
            let summary = lines.first(where: { $0.contains(" requests in ") }),
            let requests = summary.split(separator: " ").first.flatMap({ Int($0) })
        else { throw TestFailure("wrk: \(run.status) \(run.output)\(run.errorOutput)") }
        return HTTPLoad(requests: requests, errors: complaints)
    }

    /// Requests for `/small` in HTTP/1.0, each on a connection of its own.
    ///
    /// - Parameters:
    ///   - count: requests in all, 32 at a time.
    ///   - keepsAlive: asks for connections to be kept instead.
    public static func ab(
        _ address: PeerAddress, count: Int, keepsAlive: Bool = false
    ) throws -> HTTPLoad {
        let run = try ChildProcess.run(
            ["ab", "-q", "-n", "\(count)", "-c", "32", "-s", "20"] + (keepsAlive ? ["-k"] : [])
                + ["http://\(address)/small"],
            within: 120)
        func number(_ label: String) -> Int? {
            let line = run.output.split(separator: "\n").first { $0.hasPrefix(label) }
            return line?.split(separator: " ").last.flatMap { Int($0) }
        }
        guard run.status == .exited(0), let complete = number("Complete requests:"),
            let failed = number("Failed requests:")
        else { throw TestFailure("ab: \(run.status) \(run.output)\(run.errorOutput)") }
        let refused = run.output.split(separator: "\n").filter { $0.hasPrefix("Non-2xx") }
        let failures = failed == 0 ? [] : ["\(failed) requests failed"]
        return HTTPLoad(
            requests: complete, errors: failures + refused.map(String.init),
            keptAlive: number("Keep-Alive requests:") ?? 0)
    }
}
