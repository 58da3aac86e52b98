// What the tests are run on: each I/O backend this kernel has, and each relay path of each.

import Foundation

/// The program under test, and where its sources lie.
public enum Product {
    /// The package's root directory.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The `gyre` program: GYRE_BINARY, else the release build, else the debug build.
    public static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["GYRE_BINARY"] { return path }
        let release = root + "/.build/release/gyre"
        let hasRelease = FileManager.default.isExecutableFile(atPath: release)
        return hasRelease ? release : root + "/.build/debug/gyre"
    }()
}

/// An I/O backend, by its name on the command line.
public enum Backend: String, Sendable, CustomStringConvertible {
    case ioUring = "io_uring"
    case epoll
    /// io_uring with direct descriptors.
    case direct = "io_uring-direct"

    public var description: String { rawValue }

    /// What chooses it on the command line.
    public var arguments: [String] {
        ["--backend", name] + (self == .direct ? ["--direct-descriptors"] : [])
    }

    /// The value of `--backend`, and what the counters call it.
    public var name: String { self == .direct ? Backend.ioUring.rawValue : rawValue }

    private struct Probe: Decodable {
        let backend: String
        let reason: String
        let connectionsAllowedDirect: Int?
    }

    /// What `gyre probe --json` says; `nil` when it cannot be asked.
    private static let probe: Probe? = {
        guard let run = try? ChildProcess.run([Product.binary, "probe", "--json"]) else {
            return nil
        }
        return try? JSONDecoder().decode(Probe.self, from: Data(run.output.utf8))
    }()

    /// Why io_uring is not usable; `nil` when it is. A program that cannot be asked counts as
    /// usable, so that the tests fail and are not skipped.
    public static let ioUringRefusal: String? = {
        guard let probe, probe.backend != Backend.ioUring.rawValue else { return nil }
        return probe.reason
    }()

    /// The backends to test here. io_uring is left out only where the kernel refuses it.
    public static let usable: [Backend] = ioUringRefusal == nil ? [.ioUring, .epoll] : [.epoll]

    /// The same and direct descriptors, for what sockets of another kind could get wrong.
    public static let modes: [Backend] =
        usable + (probe != nil && probe?.connectionsAllowedDirect == nil ? [] : [.direct])
}

/// A relay path on a backend.
public struct Route: Sendable, CustomStringConvertible {
    public let backend: Backend
    /// The value of `--relay`.
    public let relay: String

    public var description: String { "\(backend) \(relay)" }

    /// Every relay path of every usable backend, and of direct descriptors.
    public static let all: [Route] = Backend.modes.flatMap { backend in
        let relays =
            switch backend {
            case .ioUring: ["auto", "copy", "splice", "splice-ring"]
            case .epoll: ["auto", "copy", "splice"]
            case .direct: ["auto", "copy", "splice-ring"]
            }
        return relays.map { Route(backend: backend, relay: $0) }
    }
}
