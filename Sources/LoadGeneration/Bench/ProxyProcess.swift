// The proxy under test: this program once more, as a child on a processor of its own. Every wait
// for it has an end, and it does not outlive the thread that started it.

internal import CLinux
internal import ControlPlane
internal import DataPlane
internal import Glibc
internal import Protocols

/// A running `gyre http` or `gyre tcp` with one worker.
struct ProxyProcess {
    private let backend: Backend
    private let child: Child
    private var log = ProxyLog()
    private let signals: SignalSource

    /// How long it may take to start, or to tell its counters.
    private static let patienceNs: UInt64 = 5_000_000_000
    /// Counters are told by a worker when its turn ends, which is after the answer.
    private static let settleMs: Int32 = 2
    private static let settleTriesMax = 20

    /// Starts it.
    ///
    /// - Parameter endpoint: the value of `--to`.
    init(
        _ mode: BenchOptions.Mode, _ backend: Backend, to endpoint: String, processor: Int,
        signals: SignalSource
    ) throws(BenchStop) {
        self.backend = backend
        self.signals = signals
        do throws(SystemError) {
            child = try Child(
                path: "/proc/self/exe",
                words: [
                    "gyre", mode.rawValue, "--listen", "127.0.0.1:0", "--to", endpoint,
                    "--backend", backend.rawValue, "--workers", "1",
                ],
                processor: processor)
        } catch {
            throw .failed("cannot start the proxy: \(error)")
        }
    }

    /// Where it listens, as soon as it does.
    mutating func address() throws(BenchStop) -> SocketAddress {
        let text = try wait("say where it listens") { $0.address }
        do throws(StartError) {
            return try HostResolver.listenAddresses(text)[0]
        } catch {
            throw .failed("\(error)")
        }
    }

    /// Kills it. Once only.
    func end() {
        child.end()
    }

    /// Its counters when it has nothing more to do.
    mutating func counters() throws(BenchStop) -> CounterSet {
        var last = try newCounters()
        for _ in 0..<Self.settleTriesMax {
            _ = gyre_sleep_ms(Self.settleMs)
            let next = try newCounters()
            if next[.turns] == last[.turns] { return next }
            last = next
        }
        return last
    }

    func processorTime() throws(BenchStop) -> ProcessorTime {
        let stat = SystemFile.read("/proc/\(child.pid)/stat") ?? ""
        guard let time = ProcessorTime(totalNs: child.processorTimeNs, stat: stat) else {
            throw .failed("cannot read the processor time of the proxy on \(backend.rawValue)")
        }
        return time
    }

    private mutating func newCounters() throws(BenchStop) -> CounterSet {
        let before = log.countersCount
        child.signal(SIGUSR1)
        return try wait("tell its counters") {
            $0.countersCount > before ? $0.counters?.counters : nil
        }
    }

    /// Waits until something can be found in what it wrote.
    private mutating func wait<Found>(
        _ purpose: String, _ find: (ProxyLog) -> Found?
    ) throws(BenchStop) -> Found {
        let endNs = MonotonicClock.nowNs + Self.patienceNs
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            if let found = find(log) { return found }
            let nowNs = MonotonicClock.nowNs
            guard nowNs < endNs else {
                throw .failed("the proxy on \(backend.rawValue) does not \(purpose)")
            }
            let timeoutMs = Int32((endNs - nowNs) / 1_000_000 + 1)
            _ = gyre_poll_readable(signals.descriptor.raw, child.output.raw, timeoutMs)
            try signals.throwIfStopped()
            let count = child.output.receive(into: &bytes)
            if count > 0 {
                log.append(bytes.prefix(count))
            } else if count != -Int(EAGAIN) {
                throw .failed("the proxy on \(backend.rawValue) has ended: \(log.lastLine)")
            }
        }
    }
}
