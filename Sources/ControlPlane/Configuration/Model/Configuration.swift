// What the operator asks for, as plain values: read from a file or built from a command line,
// complete and checked, but with names not yet resolved. `Keys/` says how each value is written.

package import DataPlane
package import Protocols

/// A site: everything that one process is to do. Defaults are what an absent key means.
package struct Configuration: Equatable, Sendable {
    package var process = Process()
    /// At least 1, at most `Limits.listenersMax`; names differ.
    package var listeners: [Listener] = []
    /// At most `Limits.upstreamsMax`; names differ.
    package var upstreams: [Upstream] = []

    package init() {}

    /// How much one process can be asked for.
    package enum Limits {
        package static let listenersMax = 256
        package static let upstreamsMax = 1024
        /// Of all listeners together.
        package static let routesMax = 16_384
        /// Of all upstreams together, as written: a name may stand for several.
        package static let endpointsMax = 4096
        /// Items of any other list.
        package static let itemsMax = 1024
    }

    package subscript(upstream name: String) -> Upstream? {
        upstreams.first { $0.name == name }
    }
}

extension Configuration {
    /// How the process works, whatever it serves.
    package struct Process: Equatable, Sendable {
        /// 1 to 1024; `nil` for one per processor.
        package var workers: Int?
        package var backend = BackendRequest.auto
        /// Whether each worker is bound to one processor.
        package var pinsWorkers = true
        package var wait = WaitMode.adaptive
        /// How long a worker watches for events before it sleeps, in microseconds, at most 100,000;
        /// 0 for not at all.
        package var busyPollUs: UInt64 = 0
        /// Whether sockets live in the rings' file tables instead of the process's.
        package var usesDirectDescriptors = false
        /// Clients at once, 1 to 1,048,576; `nil` for what the descriptor limit allows.
        package var connectionsMax: Int?
        /// How long what is under way may take to finish after SIGTERM.
        package var drainTimeoutMs: UInt64 = 30_000
        package var dns = DNS()
        package var admin = Admin()
        package var log = Log()

        package init() {}
    }

    /// Who is asked for the addresses of names.
    package struct DNS: Equatable, Sendable {
        /// Numeric addresses, at most 16; none for those of /etc/resolv.conf.
        package var servers: [AddressText] = []
        /// Until the first attempt has failed; later ones take longer. At least 10 ms.
        package var timeoutMs: UInt64 = 2_000
        /// Attempts at each server, 1 to 10.
        package var tries = 2

        package init() {}
    }

    /// Where the control API is served.
    package struct Admin: Equatable, Sendable {
        package var socket = AdminSocket.automatic
        /// A TCP address beside it; one that is not loopback needs a token.
        package var address: AddressText?
        /// What a client of the TCP address has to present; empty for nothing.
        package var token = ""

        package init() {}

        /// Nowhere.
        package static var off: Admin {
            var admin = Admin()
            admin.socket = .off
            return admin
        }

        package var isOff: Bool { socket == .off && address == nil }
    }

    /// The Unix socket of the control API.
    package enum AdminSocket: Equatable, Sendable {
        /// `gyre.sock` in $RUNTIME_DIRECTORY, else in $XDG_RUNTIME_DIR, else in /run/gyre.
        case automatic
        case off
        /// Absolute, at most `AddressText.unixPathBytesMax` bytes.
        case path(String)
    }

    package struct Log: Equatable, Sendable {
        package var level = LogLevel.info
        package var format = LogFormat.text
        /// `nil`: exchanges and flows are not logged.
        package var access: AccessLog?

        package init() {}
    }

    /// The log of exchanges and flows that ended.
    package struct AccessLog: Equatable, Sendable {
        package var to = AccessTarget.output
        package var format = AccessFormat.json
        /// Of those that end well; all others are logged. 0 to 100.
        package var samplePercent = 100

        package init() {}
    }

    /// Least severe events to log; the names are swift-log's.
    package enum LogLevel: String, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error, critical
    }

    package enum LogFormat: String, CaseIterable, Sendable {
        case text, json
    }
}
