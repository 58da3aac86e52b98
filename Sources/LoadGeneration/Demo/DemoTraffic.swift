// Clients that use the demo, gently, so that whoever watches it has something to see: a few threads
// that each ask one thing after the other, at their own pace. Whether they are answered is not
// their concern; nothing of theirs outlives `stop`.

internal import CLinux
package import ControlPlane
internal import DataPlane
internal import Glibc
internal import Protocols

/// Running clients of the demo.
package struct DemoTraffic: Sendable {
    /// Clients of HTTP, each with a connection that it keeps, and what they make together with the
    /// one of TCP: 4 × 4.6 + 1.5 requests a second.
    private static let clients = 4
    private static let intervalNs: UInt64 = 217_000_000
    private static let flowIntervalNs: UInt64 = 667_000_000

    private let wake: Descriptor
    private let threads: [ControlThread]

    /// Starts asking.
    ///
    /// - Parameters:
    ///   - web: the text of the address of an HTTP proxy with numbers in it.
    ///   - flows: that of a TCP forwarder.
    package static func start(web: String, flows: String) throws(StartError) -> DemoTraffic {
        var threads: [ControlThread] = []
        let wake: Descriptor
        do throws(SystemError) {
            wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
        } catch {
            throw StartError("cannot open an eventfd: \(error)")
        }
        do {
            let address = try address(web)
            for index in 0..<clients {
                threads.append(
                    try start(
                        DemoClient(
                            address, host: web, wake: wake,
                            first: index * DemoClient.questions.count / clients,
                            intervalNs: intervalNs)))
            }
            threads.append(
                try start(
                    DemoClient(
                        try self.address(flows), host: flows, wake: wake, first: 0,
                        intervalNs: flowIntervalNs, keepsConnection: false)))
        } catch {
            DemoTraffic(wake: wake, threads: threads).stop()
            throw StartError("cannot start the demo's clients: \(error)")
        }
        return DemoTraffic(wake: wake, threads: threads)
    }

    private static func start(_ client: DemoClient) throws(SystemError) -> ControlThread {
        try ControlThread.start("demo-client") {
            var client = client
            client.run()
        }
    }

    private static func address(_ text: String) throws -> SocketAddress {
        try HostResolver.listenAddresses(try AddressText(parsing: text))[0]
    }

    private init(wake: Descriptor, threads: [ControlThread]) {
        self.wake = wake
        self.threads = threads
    }

    /// Ends all of it, also what is under way. Once only.
    package func stop() {
        _ = gyre_event_signal(wake.raw)
        for thread in threads { thread.join() }
        wake.close()
    }
}

/// One client; used by its thread.
struct DemoClient: Sendable {
    /// What is asked, in turns.
    struct Question: Sendable {
        var method = "GET"
        let path: String
        var body = ""
    }

    static let questions = [
        Question(path: "/"), Question(path: "/products/7"), Question(path: "/api/items"),
        Question(method: "POST", path: "/api/items", body: "{\"name\":\"ring\"}"),
        Question(path: "/products/9"), Question(path: "/slow/250"), Question(path: "/api/items/3"),
        Question(path: "/old/home"), Question(path: "/"),
        Question(method: "PUT", path: "/api/items/3", body: "{\"name\":\"spiral\"}"),
        Question(path: "/about"), Question(path: "/missing"), Question(path: "/api/search?q=gyre"),
        Question(path: "/slow/40"), Question(path: "/products/2"),
        Question(path: "/api/status/503"), Question(path: "/"),
        Question(method: "DELETE", path: "/api/items/3"), Question(path: "/api/slow/120"),
        Question(path: "/api/items/8"),
    ]

    /// How long an answer may take; longer than the slowest.
    private static let patienceMs: Int32 = 3_000
    private static let receiveBytes = 16 * 1024

    private let address: SocketAddress
    private let host: String
    private let wake: Descriptor
    private let intervalNs: UInt64
    private let keepsConnection: Bool
    private var next: Int
    private var socket = Descriptor.none
    private var reader = AnswerReader()

    /// - Parameters:
    ///   - host: for the Host field.
    ///   - wake: readable when it is to end.
    ///   - first: which question it begins with.
    init(
        _ address: SocketAddress, host: String, wake: Descriptor, first: Int, intervalNs: UInt64,
        keepsConnection: Bool = true
    ) {
        self.address = address
        self.host = host
        self.wake = wake
        self.intervalNs = intervalNs
        self.keepsConnection = keepsConnection
        next = first
    }

    /// Asks until the wake-up.
    mutating func run() {
        var head = ResponseHead()
        var bytes = [UInt8](repeating: 0, count: Self.receiveBytes)
        // They do not ask all at once.
        var dueNs =
            MonotonicClock.nowNs + UInt64(next) * intervalNs / UInt64(Self.questions.count)
        while wait(untilNs: dueNs) {
            let question = Self.questions[next % Self.questions.count]
            next += 1
            let isGood = connect() && ask(question) && awaitAnswer(&head, &bytes)
            if !isGood || !keepsConnection { close() }
            dueNs = max(dueNs + intervalNs, MonotonicClock.nowNs)
        }
        close()
    }

    /// - Returns: false when it is to end.
    private func wait(untilNs dueNs: UInt64) -> Bool {
        let nowNs = MonotonicClock.nowNs
        let waitMs = dueNs > nowNs ? (dueNs - nowNs + 999_999) / 1_000_000 : 0
        return gyre_poll_one(wake.raw, 0, Int32(clamping: waitMs)) == 0
    }

    private mutating func connect() -> Bool {
        guard !socket.isOpen else { return true }
        reader = AnswerReader()
        do throws(SystemError) {
            socket = try Descriptor.streamSocket(family: address.family)
            LoopbackPacing.remove(from: socket)
            try address.connect(socket)
        } catch {
            guard error.code == EINPROGRESS else { return false }
            return gyre_poll_one(socket.raw, 1, Self.patienceMs) != 0
        }
        return true
    }

    private mutating func close() {
        if socket.isOpen { socket.close() }
        socket = .none
    }

    private func ask(_ question: Question) -> Bool {
        var lines = ["\(question.method) \(question.path) HTTP/1.1", "Host: \(host)"]
        lines.append("User-Agent: gyre-demo")
        if !keepsConnection { lines.append("Connection: close") }
        if !question.body.isEmpty {
            lines.append("Content-Type: application/json")
            lines.append("Content-Length: \(question.body.utf8.count)")
        }
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + question.body
        return socket.send(Array(text.utf8))
    }

    /// - Returns: whether there was one, and the connection can be used for another question.
    private mutating func awaitAnswer(
        _ head: inout ResponseHead, _ bytes: inout [UInt8]
    ) -> Bool {
        while true {
            guard gyre_poll_readable(socket.raw, wake.raw, Self.patienceMs) == 1 else {
                return false
            }
            let count = socket.receive(into: &bytes)
            if count == -Int(EAGAIN) { continue }
            guard count > 0 else { return false }
            let outcome = reader.receive(bytes.span.extracting(0..<count), parsing: &head)
            switch outcome {
            case .more: continue
            case .answer(let answer): return answer.isPersistent
            case .broken: return false
            }
        }
    }
}
