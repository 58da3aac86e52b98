// The calls of this module that take addresses in memory: readiness, bytes in and out, and
// child processes. No other file of it has `unsafe` code.

internal import CLinux
internal import ControlPlane
internal import DataPlane
internal import Glibc

/// epoll(7) with numbers of one's own for descriptors. Used by one thread.
struct ReadySet {
    /// What has become possible with a descriptor.
    struct Event {
        /// As given to `add`.
        let token: UInt64
        /// EPOLLIN and so on.
        let flags: UInt32
    }

    private let epoll: Descriptor
    private var events: [gyre_epoll_event]

    /// - Parameter eventsMax: how many events one wait gives at most.
    init(eventsMax: Int) throws(SystemError) {
        epoll = Descriptor(raw: try SystemError.check(gyre_epoll_open()))
        events = Array(repeating: gyre_epoll_event(), count: eventsMax)
    }

    /// Closing a descriptor takes it out again.
    func add(_ descriptor: Descriptor, flags: UInt32, token: UInt64) throws(SystemError) {
        try SystemError.check(gyre_epoll_add(epoll.raw, descriptor.raw, flags, token))
    }

    /// - Parameter timeoutNs: how long at most; -1 is "for ever".
    /// - Returns: how many events there are now.
    mutating func wait(timeoutNs: Int64) -> Int {
        max(0, Int(unsafe gyre_epoll_wait(epoll.raw, &events, Int32(events.count), timeoutNs)))
    }

    /// An event of the last wait.
    subscript(index: Int) -> Event {
        Event(token: events[index].token, flags: events[index].events)
    }

    func close() {
        epoll.close()
    }
}

extension Descriptor {
    /// recv(2) without waiting.
    ///
    /// - Returns: how many bytes came to the beginning of `bytes`, or the negative errno value.
    func receive(into bytes: inout [UInt8]) -> Int {
        unsafe gyre_receive(raw, &bytes, bytes.count)
    }

    /// - Returns: whether the kernel took all of it at once.
    func send(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe gyre_send_bytes(raw, buffer.baseAddress, buffer.count) == buffer.count
        }
    }
}

/// A program that was started, and what it writes to its standard error stream.
struct Child {
    let pid: Int32
    /// Of a socket pair: read with `receive`, over when the program has ended.
    let output: Descriptor

    /// - Parameters:
    ///   - path: of the program.
    ///   - words: its arguments, its own name first.
    ///   - processor: the only one that it may run on.
    init(path: String, words: [String], processor: Int) throws(SystemError) {
        var pair: [Int32] = [-1, -1]
        try SystemError.check(unsafe gyre_socket_pair(&pair))
        let text = words.joined(separator: "\0")
        let result = unsafe gyre_child_start(
            path, text, Int32(words.count), pair[1], Int32(processor))
        _ = gyre_close(pair[1])
        output = Descriptor(raw: pair[0])
        pid = result
        guard result < 0 else { return }
        output.close()
        throw SystemError(code: -result)
    }

    /// Sends a signal.
    func signal(_ number: Int32) {
        _ = kill(pid, number)
    }

    /// Of all its threads so far.
    var processorTimeNs: UInt64 { gyre_child_cpu_ns(pid) }

    /// Kills it, waits for its end, and gives up its output. Once only.
    func end() {
        signal(SIGKILL)
        _ = gyre_child_wait(pid)
        output.close()
    }
}
