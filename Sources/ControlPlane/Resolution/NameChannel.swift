// c-ares (c-ares.org): /etc/hosts, /etc/resolv.conf and the protocol. A channel lives as long as
// there are lookups and is made anew for later ones, so that it reads changed files and holds no
// socket meanwhile. All calls, and all answers, are on the owner's thread.

internal import CAres
internal import DataPlane
internal import Glibc
internal import Protocols

/// How names are asked for.
package struct NameServers: Equatable, Sendable {
    /// `address:port` each; none takes those of /etc/resolv.conf.
    package let servers: [String]
    /// For the first attempt; later ones take longer.
    package let timeoutMs: Int32
    /// Attempts at each server.
    package let tries: Int32

    package init(servers: [String] = [], timeoutMs: Int32 = 2_000, tries: Int32 = 2) {
        self.servers = servers
        self.timeoutMs = timeoutMs
        self.tries = tries
    }
}

/// A finished lookup.
struct LookupResult {
    /// What the owner called it.
    let tag: UInt64
    let lookup: Lookup
    let outcome: LookupOutcome
}

/// Lookups under way.
@safe
final class NameChannel {
    /// What a file says has no lifetime; the file is looked at again after this time.
    static let fileLifetimeMs: UInt64 = 5_000
    /// RFC 2181 section 8.
    private static let ttlMax: Int32 = 1 << 30

    private static let isReady = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS

    private let channel: ares_channel
    private let results = Results()

    /// - Throws: what c-ares says, as half a sentence.
    init(_ servers: NameServers) throws(NameFailure) {
        guard Self.isReady else { throw NameFailure("the resolver cannot be initialised") }
        var options = unsafe ares_options()
        unsafe options.timeout = servers.timeoutMs
        unsafe options.tries = servers.tries
        var made: ares_channel? = nil
        let mask = Int32(ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES)
        let status = unsafe ares_init_options(&made, &options, mask)
        guard status == ARES_SUCCESS, let made = unsafe made else {
            throw NameFailure(Self.text(status))
        }
        unsafe channel = made
        guard !servers.servers.isEmpty else { return }
        let list = servers.servers.joined(separator: ",")
        let taken = unsafe ares_set_servers_ports_csv(channel, list)
        // The channel is ended by `deinit`.
        guard taken == ARES_SUCCESS else { throw NameFailure(Self.text(taken)) }
    }

    deinit {
        // Calls back for every lookup that is left.
        unsafe ares_destroy(channel)
    }

    /// Begins a lookup; it may be over at once.
    func start(_ lookup: Lookup, tag: UInt64) {
        // RFC 6761 section 6.4: such a name is nowhere, and nobody is to be asked for it.
        guard !lookup.name.hasSuffix(".invalid") else {
            results.list.append(.init(tag: tag, lookup: lookup, outcome: .nothing))
            return
        }
        let finished = results.list.count
        let context = unsafe Unmanaged.passRetained(Request(tag, lookup, results)).toOpaque()
        switch lookup {
        case .ipv4(let name): unsafe findAddresses(name, AF_INET, context)
        case .ipv6(let name): unsafe findAddresses(name, AF_INET6, context)
        case .service(let name):
            unsafe ares_search(
                channel, name, GYRE_DNS_CLASS_IN, GYRE_DNS_TYPE_SRV,
                { context, status, _, bytes, count in
                    let request = unsafe Request.take(context)
                    let length = status == ARES_SUCCESS ? Int(count) : 0
                    let message = unsafe UnsafeRawBufferPointer(start: bytes, count: length)
                    unsafe request.finish(status, NameChannel.services(message))
                }, context)
        }
        // An answer without a server is from a file.
        for index in finished..<results.list.count { results.list[index].isFromFile = true }
    }

    private func findAddresses(
        _ name: String, _ family: Int32, _ context: UnsafeMutableRawPointer
    ) {
        var hints = ares_addrinfo_hints()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Sorting by reachability would open sockets; the order is ours anyway.
        hints.ai_flags = Int32(ARES_AI_NOSORT)
        unsafe ares_getaddrinfo(
            channel, name, nil, &hints,
            { context, status, _, found in
                let request = unsafe Request.take(context)
                unsafe request.finish(status, NameChannel.addresses(found))
                if let found = unsafe found { unsafe ares_freeaddrinfo(found) }
            }, context)
    }

    /// Waits for answers.
    ///
    /// - Parameters:
    ///   - wake: a descriptor that ends the wait; may be none.
    ///   - timeoutMs: -1 waits for ever.
    func wait(_ wake: Descriptor, timeoutMs: Int32) {
        _ = unsafe gyre_ares_wait(channel, wake.raw, timeoutMs)
    }

    /// The same without a channel.
    static func sleep(_ wake: Descriptor, timeoutMs: Int32) {
        _ = gyre_ares_wait(nil, wake.raw, timeoutMs)
    }

    /// What has finished since the last call.
    func takeResults() -> [LookupResult] {
        defer { results.list = [] }
        return results.list.map(\.result)
    }

    // MARK: Answers

    private static func addresses(
        _ found: UnsafeMutablePointer<ares_addrinfo>?
    ) -> LookupOutcome {
        var addresses: [SocketAddress] = []
        var ttl = ttlMax
        var node = unsafe found?.pointee.nodes
        while let item = unsafe node {
            let bytes = unsafe Array(
                UnsafeRawBufferPointer(
                    start: item.pointee.ai_addr, count: Int(item.pointee.ai_addrlen)))
            if let address = SocketAddress(copying: bytes.span) { addresses.append(address) }
            ttl = unsafe min(ttl, item.pointee.ai_ttl)
            unsafe node = item.pointee.ai_next
        }
        var alias = unsafe found?.pointee.cnames
        while let item = unsafe alias {
            ttl = unsafe min(ttl, item.pointee.ttl)
            unsafe alias = item.pointee.next
        }
        guard !addresses.isEmpty else { return .nothing }
        return .addresses(addresses, lifetimeMs: UInt64(max(ttl, 0)) * 1000)
    }

    private static func services(_ message: UnsafeRawBufferPointer) -> LookupOutcome {
        let bytes = unsafe Array(message)
        guard
            let records = ServiceRecords(parsing: bytes.span, recordsMax: NameRound.recordsMax)
        else { return .failed("malformed answer") }
        return records.records.isEmpty ? .nothing : .services(records)
    }

    fileprivate static func text(_ status: Int32) -> String {
        unsafe String(cString: ares_strerror(status))
    }

    /// Where callbacks put what they bring. Outlives the channel, whose end calls back, too.
    private final class Results {
        struct Item {
            let tag: UInt64
            let lookup: Lookup
            let outcome: LookupOutcome
            var isFromFile = false

            var result: LookupResult {
                guard isFromFile, case .addresses(let addresses, _) = outcome else {
                    return LookupResult(tag: tag, lookup: lookup, outcome: outcome)
                }
                return LookupResult(
                    tag: tag, lookup: lookup,
                    outcome: .addresses(addresses, lifetimeMs: fileLifetimeMs))
            }
        }

        var list: [Item] = []
    }

    /// A lookup on its way through C's plain pointer.
    private final class Request {
        private let tag: UInt64
        private let lookup: Lookup
        private let results: Results

        init(_ tag: UInt64, _ lookup: Lookup, _ results: Results) {
            self.tag = tag
            self.lookup = lookup
            self.results = results
        }

        static func take(_ context: UnsafeMutableRawPointer?) -> Request {
            guard let context = unsafe context else {
                preconditionFailure("c-ares has lost a context")
            }
            return unsafe Unmanaged<Request>.fromOpaque(context).takeRetainedValue()
        }

        func finish(_ status: Int32, _ found: LookupOutcome) {
            let outcome: LookupOutcome =
                switch status {
                case ARES_SUCCESS: found
                case ARES_ENODATA, ARES_ENOTFOUND: .nothing
                default: .failed(NameChannel.text(status))
                }
            results.list.append(.init(tag: tag, lookup: lookup, outcome: outcome))
        }
    }
}

/// Why names cannot be asked for.
struct NameFailure: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
