// What a worker counts about itself. Every crossing into the kernel is counted where it is made,
// so syscalls per request are exact without a tracer.

/// One count. The order is the order in memory and in reports.
package enum Counter: Int, CaseIterable, Sendable {
    // System calls by kind.
    case enter, epollWait, epollCtl, accept, socket, socketOption, connect, receive, send
    case splice, shutdown, close, pipe, event, peerName, socketName, register, clock
    // The loop.
    case turns, completions, starvedWaits, queueOverflows, strayCompletions
    // Buffers that are lent, when the turn ended.
    case buffersInUse
    // Bytes handed on, by relay path.
    case bytesCopied, bytesSpliced, bytesRingSpliced
    // Connections and flows.
    case accepted, acceptPauses, flowsFinished, flowsReset, flowsRefused, flowsActive
    case listenersOpen
    case connectFailures, connectTimeouts, idleTimeouts, promotions, demotions
    // PROXY headers of clients.
    case proxyHeaders, proxyHeadersRefused, proxyHeaderTimeouts
    // HTTP.
    case clientsActive, requests, responses, requestsRefused, localReplies, responsesCut
    case upstreamsOpened, upstreamsReused, upstreamsActive, upstreamFailures, retries, tunnels
    // Clients whose request is under way, when the turn ended.
    case exchangesActive
    // Requests that were sent behind others, and again without them; answers that nobody wanted.
    case requestsPipelined, requestsResent, answersDropped
    // Work that waited for room at an upstream, and what was refused for want of it.
    case upstreamWaits, upstreamOverflows
    // What limits of listeners turned away: by rates of sources, and by the number of clients.
    case connectionsOverRate, requestsOverRate, connectionsOverLimit
    // Requests that were refused because nearly all buffers were in use.
    case requestsShed
}

extension Counter {
    /// The counters that are system calls.
    package static let systemCalls: [Counter] = [
        .enter, .epollWait, .epollCtl, .accept, .socket, .socketOption, .connect, .receive, .send,
        .splice, .shutdown, .close, .pipe, .event, .peerName, .socketName, .register,
        .clock,
    ]

    static let total = 64
}

/// A value for every `Counter`. Worker thread only; `PublishedCounters` is what others read.
package struct CounterSet: Sendable {
    private var values = InlineArray<64, UInt64>(repeating: 0)

    package init() {}

    package subscript(counter: Counter) -> UInt64 {
        get { values[counter.rawValue] }
        set { values[counter.rawValue] = newValue }
    }

    /// The value at a place in memory, for who goes through all of them.
    subscript(word index: Int) -> UInt64 {
        get { values[index] }
        set { values[index] = newValue }
    }

    /// Adds another worker's values to these.
    package mutating func add(_ other: CounterSet) {
        for index in 0..<Counter.total { values[index] &+= other.values[index] }
    }

    /// All system calls together.
    package var systemCalls: UInt64 {
        Counter.systemCalls.reduce(0) { $0 &+ self[$1] }
    }
}
