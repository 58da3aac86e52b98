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
public enum Backend: String, Sendable, CaseIterable, CustomStringConvertible {
    case ioUring = "io_uring"
    case epoll

    public var description: String { rawValue }

    /// What `gyre probe --json` says about io_uring: `nil` when it is usable, else the reason.
    /// A program that cannot be asked counts as usable, so that the tests fail and are not skipped.
    public static let ioUringRefusal: String? = {
        guard let probe = try? ChildProcess.run([Product.binary, "probe", "--json"]),
            let report = try? JSONSerialization.jsonObject(with: Data(probe.output.utf8)),
            let backend = (report as? [String: Any])?["backend"] as? String,
            backend != Backend.ioUring.rawValue
        else { return nil }
        return ((report as? [String: Any])?["reason"] as? String) ?? "no reason given"
    }()

    /// The backends to test here. io_uring is left out only where the kernel refuses it.
    public static let usable: [Backend] = ioUringRefusal == nil ? allCases : [.epoll]
}

/// A relay path on a backend.
public struct Route: Sendable, CustomStringConvertible {
    public let backend: Backend
    /// The value of `--relay`.
    public let relay: String

    public var description: String { "\(backend) \(relay)" }

    /// Every relay path of every usable backend.
    public static let all: [Route] = Backend.usable.flatMap { backend in
        let relays = ["auto", "copy", "splice"] + (backend == .ioUring ? ["splice-ring"] : [])
        return relays.map { Route(backend: backend, relay: $0) }
    }
}
