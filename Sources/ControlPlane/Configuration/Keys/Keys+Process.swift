// The keys of a file's top level, and of the process.

internal import DataPlane
internal import Protocols

extension Configuration: Keyed {
    static let title = "a configuration"

    static let keys = table {
        Key(
            "workers", \.process.workers, .word("auto", or: .number(1...1024)),
            "Worker threads; auto is one per processor.")
        Key(
            "backend", \.process.backend, .choice,
            "The I/O backend; auto takes io_uring where it works, else epoll.")
        Key(
            "pin_workers", \.process.pinsWorkers, .flag,
            "Whether each worker is bound to one processor.")
        Key(
            "wait", \.process.wait, .choice,
            """
            What a worker waits for: the next event (latency), several for up to 300us \
            (throughput), or several for up to 100us while it needs most of its processor \
            (adaptive).
            """)
        Key(
            "busy_poll", \.process.busyPoll, .word("off", or: .shortDuration),
            "How long a worker watches for the next event before it sleeps, 1us to 100ms.")
        Key(
            "direct_descriptors", \.process.usesDirectDescriptors, .flag,
            "Whether sockets live in the rings' file tables; needs io_uring, kernel 6.15.")
        Key(
            "max_connections", \.process.connectionsMax, .word("auto", or: .connections),
            "Clients at once; auto is what the descriptor limit allows.")
        Key(
            "drain_timeout", \.process.drainTimeoutMs, .duration(minimumMs: 0),
            "How long what is under way may take to finish after SIGTERM.")
        Key("dns", \.process.dns, .object, "Who is asked for the addresses of names.")
        Key("admin", \.process.admin, .object, "The control API.")
        Key("log", \.process.log, .object, "The log, on the standard error stream.")
        Key(
            "listeners", \.listeners,
            .list(of: .object, "listeners", counts: 1...Limits.listenersMax),
            "Where clients come from.", isRequired: true)
        Key(
            "upstreams", \.upstreams,
            .list(of: .object, "upstreams", counts: 0...Limits.upstreamsMax),
            "Where they are taken to.")
    }
}

extension Configuration.Process {
    /// As it is written: `nil` for off.
    fileprivate var busyPoll: UInt64? {
        get { busyPollUs == 0 ? nil : busyPollUs }
        set { busyPollUs = newValue ?? 0 }
    }
}

extension Kind where Value == Int {
    /// Connections at once.
    static var connections: Kind { .number(1...ResourceShares.connectionsMax) }
}

extension Configuration.DNS: Keyed {
    static let title = "what is said of name servers"

    static let keys = table {
        Key(
            "servers", \.servers, .list(of: .numericAddress, "servers", counts: 0...16),
            "Name servers; none for those of /etc/resolv.conf.")
        Key(
            "timeout", \.timeoutMs, .duration(minimumMs: 10),
            "How long the first attempt waits for an answer; later ones wait longer.")
        Key("tries", \.tries, .number(1...10), "Attempts at each server.")
    }
}

extension Configuration.Admin: Keyed {
    static let title = "the control API"

    static let keys = table {
        Key(
            "socket", \.socket, .adminSocket,
            """
            Its Unix socket, mode 0600: a path, off, or auto for gyre.sock in $RUNTIME_DIRECTORY, \
            $XDG_RUNTIME_DIR or /run/gyre.
            """)
        Key(
            "address", \.address, .optional(.listenAddress),
            "A TCP address beside it; needs a token unless it is loopback.",
            example: "127.0.0.1:9901")
        Key(
            "token", \.token, .token,
            "What clients of the address have to present; an environment variable is a good place.")
    }
}

extension Kind where Value == Configuration.AdminSocket {
    static var adminSocket: Kind {
        let path = Kind<String>.socketPath
        let words = Kind<String??>.word("auto", or: .word("off", or: path))
        return words.map(
            { value in
                guard let value else { return .automatic }
                return value.map(Value.path) ?? .off
            },
            back: { socket in
                switch socket {
                case .automatic: .some(.none)
                case .off: .some(.some(.none))
                case .path(let path): .some(.some(.some(path)))
                }
            })
    }
}

extension Configuration.Log: Keyed {
    static let title = "the log"

    static let keys = table {
        Key("level", \.level, .choice, "The least severe events that are logged.")
        Key(
            "format", \.format, .choice,
            """
            Lines for people, or one JSON object for each event: time, level, message and metadata.
            """)
        Key(
            "access", \.access, .optional(.object),
            "The access log: one line for each request or connection that ended; absent: none.",
            example: "")
    }
}

extension Configuration.AccessLog: Keyed {
    static let title = "the access log"

    static let keys = table {
        Key(
            "to", \.to, .accessTarget,
            "Where lines go: the standard output stream, a file, or a Unix datagram socket.",
            isRequired: true, example: "/var/log/gyre/access.log")
        Key(
            "format", \.format, .accessFormat,
            """
            json, combined (as nginx and Apache write it), or a text with names of values such as \
            $$client or $$status; the README has the list.
            """)
        Key(
            "sample", \.samplePercent, .percent,
            "How many of those that end well have a line; all that do not have one.")
    }
}

extension Kind where Value == AccessTarget {
    static var accessTarget: Kind {
        let expected = "stdout, an absolute path or syslog:/path"
        return .scalar(
            expected, .text(pattern: "^(stdout|(syslog:)?/.*[^/])$"),
            parse: { text throws(Complaint) in
                if let target = AccessTarget(parsing: text) { return target }
                let meant = Suggestion.nearest(to: text, among: ["stdout"])
                throw Complaint(
                    "'\(text)'; expected \(expected)", hint: meant.map { "'\($0)'" })
            },
            write: { .text("\($0)") })
    }
}

extension Kind where Value == AccessFormat {
    static var accessFormat: Kind {
        .scalar(
            "json, combined or a template", .text(pattern: "^(json|combined|.*[$].*)$"),
            parse: { text throws(Complaint) in
                do throws(AccessFormatError) {
                    return try AccessFormat(parsing: text)
                } catch {
                    throw Complaint(error.description, hint: error.hint)
                }
            },
            write: { .text("\($0)") })
    }
}
