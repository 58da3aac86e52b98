// What one worker counts about listeners, routes, upstreams and endpoints, by their ids, and its
// histograms: words in one mapping, which becomes real page by page. The worker adds, with plain
// loads and stores; any thread reads at any time. Nothing is ever set back: who wants to know what
// happened since then takes an earlier reading off, and an id that is given to another thing goes
// on counting where it was.

internal import CLinux
package import Protocols
internal import Synchronization

/// Classes of answers.
package enum StatusClass: Int, CaseIterable, Sendable {
    /// There was no answer: the client had left, or was cut off.
    case none
    case informational, success, redirection, clientError, serverError

    @inline(__always)
    init(_ status: UInt16) {
        self = StatusClass(rawValue: Int(status / 100)) ?? .none
    }
}

/// What is counted of each listener.
package enum ListenerMetric: Int, CaseIterable, Sendable {
    case accepted, flows
    /// Bytes of clients and for them, of all exchanges and flows that ended.
    case bytesIn, bytesOut
}

/// What is counted of each endpoint, beside its answers by status class.
package enum EndpointMetric: Int, CaseIterable, Sendable {
    /// Flows that were connected.
    case flows
    case connectionsOpened, connectFailures, connectTimeouts
    /// Connections that ended before an answer was whole, and answers that did not come in time.
    case resets, timeouts, badResponses
    /// Requests that came from another endpoint, which had failed them.
    case retries
    /// Bytes of clients to it and back, of all exchanges and flows that ended.
    case bytesIn, bytesOut
}

/// What a worker has a histogram of, whatever it is about.
package enum WorkerHistogram: Int, CaseIterable, Sendable {
    /// From a request's head to the last byte of its answer.
    case total
    /// Connecting to an endpoint, in HTTP and TCP.
    case connect
    /// From handing a request on to the first byte of its answer.
    case firstByte
    /// Of an exchange, the time in which it was neither the client nor the endpoint that was
    /// waited for: from what arrived to what was handed to the kernel, and in line for an upstream.
    case own
    /// In line for an upstream with limits.
    case queue
    /// From a turn's first completion to the end of its work.
    case turn
    /// Completions of a turn; `n` of them are kept as `64 * n`, for a bucket each as long as they
    /// are few.
    case batch
    /// How long a flow lasted.
    case flow
}

/// One worker's metrics. The worker adds, anyone reads.
@safe
package final class WorkerMetrics: @unchecked Sendable {
    private let memory: MappedRegion

    package init() {
        memory = MappedRegion(bytes: Place.count * MemoryLayout<Atomic<UInt64>>.stride)
    }

    /// For the worker, which keeps this object alive.
    var writer: MetricsWriter { unsafe MetricsWriter(words) }

    private var words: UnsafeMutablePointer<Atomic<UInt64>> {
        // A mapping is zero, and so is an atomic word that was never stored to.
        unsafe memory.base.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private func load(_ place: Int) -> UInt64 {
        precondition(place >= 0 && place < Place.count)
        return unsafe words[place].load(ordering: .relaxed)
    }

    /// Requests that ended, of a route.
    ///
    /// - Parameter id: of a route, or `MetricLimits.noRoute(ofListener:)`.
    package func requests(ofRoute id: UInt32, _ method: Method, _ status: StatusClass) -> UInt64 {
        load(Place.request(id, method, status))
    }

    /// Tunnels of a route that are not over.
    package func tunnels(ofRoute id: UInt32) -> UInt64 {
        load(Place.tunnels(id)) &- load(Place.tunnelEnds(id))
    }

    /// Requests that ended, by the status class of what an endpoint answered.
    package func requests(ofEndpoint id: UInt32, _ status: StatusClass) -> UInt64 {
        load(Place.answer(ofEndpoint: id, status))
    }

    package func value(_ metric: ListenerMetric, ofListener id: UInt32) -> UInt64 {
        load(Place.listener(id, metric))
    }

    package func value(_ metric: EndpointMetric, ofEndpoint id: UInt32) -> UInt64 {
        load(Place.endpoint(id, metric))
    }

    /// Requests that ended, of a route, method by method and in each by status class.
    ///
    /// - Parameters:
    ///   - id: of a route, or `MetricLimits.noRoute(ofListener:)`.
    ///   - sums: what they are added to.
    package func addRequests(ofRoute id: UInt32, to sums: inout InlineArray<60, UInt64>) {
        let first = Place.request(id, .get, .none)
        for index in 0..<60 {
            sums[index] &+= unsafe words[first + index].load(ordering: .relaxed)
        }
    }

    /// What was counted of an endpoint: its answers by status class, then every `EndpointMetric`.
    ///
    /// - Parameter sums: what it is added to.
    package func addCounts(ofEndpoint id: UInt32, to sums: inout InlineArray<16, UInt64>) {
        let first = Place.answer(ofEndpoint: id, .none)
        for index in 0..<16 {
            sums[index] &+= unsafe words[first + index].load(ordering: .relaxed)
        }
    }

    /// How many exchanges, flows and tunnels ended, and requests that never became an exchange.
    package func ends(_ reason: EndReason) -> UInt64 { load(Place.end(reason)) }

    /// Waits that took as long as they may.
    package func timeouts(_ deadline: Deadline) -> UInt64 { load(Place.deadline(deadline)) }

    /// Request heads that were refused.
    package func refusals(_ reason: HeadRefusal) -> UInt64 { load(Place.refusal(reason)) }

    package func histogram(_ kind: WorkerHistogram) -> LatencyHistogram {
        histogram(at: Place.histogram(kind))
    }

    /// Of the times from a request's head to the last byte of its answer.
    ///
    /// - Parameter id: of a route, or `MetricLimits.noRoute(ofListener:)`.
    package func totals(ofRoute id: UInt32) -> LatencyHistogram {
        histogram(at: Place.totals(ofRoute: id))
    }

    /// Of the times from handing a request on to the first byte of its answer.
    package func firstBytes(ofUpstream id: UInt32) -> LatencyHistogram {
        histogram(at: Place.firstBytes(ofUpstream: id))
    }

    /// Of the times that connecting took.
    package func connects(ofUpstream id: UInt32) -> LatencyHistogram {
        histogram(at: Place.connects(ofUpstream: id))
    }

    private func histogram(at place: Int) -> LatencyHistogram {
        precondition(place >= 0 && place + LatencyBuckets.count < Place.count)
        var result = LatencyHistogram()
        for index in 0..<LatencyBuckets.count {
            result.buckets[index] = unsafe words[place + index].load(ordering: .relaxed)
        }
        result.sumNs = load(place + LatencyBuckets.count)
        return result
    }
}

/// How many things have metrics of their own.
package enum MetricLimits {
    /// Routes of all listeners; those beyond share `otherRoutes`.
    package static let routesMax = 4096
    /// The id of all routes that have none of their own.
    package static let otherRoutes = UInt32(routesMax)

    /// The id by which requests of a listener are counted that no route took.
    package static func noRoute(ofListener id: UInt32) -> UInt32 { otherRoutes + 1 + id }

    fileprivate static let routePlaces = routesMax + 1 + SiteLimits.listenersMax
}

/// Adds to the metrics of one worker, on its thread. Valid as long as the `WorkerMetrics` are.
@safe
struct MetricsWriter: BitwiseCopyable {
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    fileprivate init(_ words: UnsafeMutablePointer<Atomic<UInt64>>) {
        unsafe self.words = words
    }

    /// One writer: no other store can come between.
    @inline(__always)
    private func add(_ amount: UInt64, at place: Int) {
        precondition(place >= 0 && place < Place.count)
        let word = unsafe words + place
        let value = unsafe word.pointee.load(ordering: .relaxed)
        unsafe word.pointee.store(value &+ amount, ordering: .relaxed)
    }

    @inline(__always)
    func countRequest(ofRoute id: UInt32, _ method: Method, _ status: StatusClass) {
        add(1, at: Place.request(id, method, status))
    }

    func countTunnel(ofRoute id: UInt32) { add(1, at: Place.tunnels(id)) }

    func countTunnelEnd(ofRoute id: UInt32) { add(1, at: Place.tunnelEnds(id)) }

    @inline(__always)
    func countRequest(ofEndpoint id: UInt32, _ status: StatusClass) {
        add(1, at: Place.answer(ofEndpoint: id, status))
    }

    @inline(__always)
    func count(_ metric: ListenerMetric, ofListener id: UInt32) {
        add(1, at: Place.listener(id, metric))
    }

    @inline(__always)
    func count(_ metric: EndpointMetric, ofEndpoint id: UInt32) {
        add(1, at: Place.endpoint(id, metric))
    }

    @inline(__always)
    func add(_ amount: UInt64, _ metric: ListenerMetric, ofListener id: UInt32) {
        add(amount, at: Place.listener(id, metric))
    }

    @inline(__always)
    func add(_ amount: UInt64, _ metric: EndpointMetric, ofEndpoint id: UInt32) {
        add(amount, at: Place.endpoint(id, metric))
    }

    @inline(__always)
    func countEnd(_ reason: EndReason) { add(1, at: Place.end(reason)) }

    /// A wait took as long as it may.
    func countPast(_ deadline: Deadline) { add(1, at: Place.deadline(deadline)) }

    func countRefusal(_ reason: HeadRefusal) { add(1, at: Place.refusal(reason)) }

    @inline(__always)
    func record(_ ns: UInt64, _ kind: WorkerHistogram) { record(ns, at: Place.histogram(kind)) }

    @inline(__always)
    func recordTotal(_ ns: UInt64, ofRoute id: UInt32) { record(ns, at: Place.totals(ofRoute: id)) }

    @inline(__always)
    func recordFirstByte(_ ns: UInt64, ofUpstream id: UInt32) {
        record(ns, at: Place.firstBytes(ofUpstream: id))
    }

    func recordConnect(_ ns: UInt64, ofUpstream id: UInt32) {
        record(ns, at: Place.connects(ofUpstream: id))
    }

    @inline(__always)
    private func record(_ ns: UInt64, at place: Int) {
        add(1, at: place + LatencyBuckets.index(of: ns))
        add(ns, at: place + LatencyBuckets.count)
    }
}

/// Where each word is. What is used together begins on a line of its own.
private enum Place {
    private static let lineWords = 8
    private static let classes = StatusClass.allCases.count
    /// Of a histogram: its buckets and its sum, in whole lines.
    private static let histogramWords = 504
    /// Of a route: methods by classes, then tunnels that began and ended.
    private static let routeWords = 64
    private static let tunnelWord = 60
    private static let listenerWords = 8
    private static let endpointWords = 16

    private static let ends = 0
    private static let refusals = ends + 32
    private static let deadlines = refusals + 64
    private static let histograms = deadlines + 16
    private static let listeners = histograms + WorkerHistogram.allCases.count * histogramWords
    private static let endpoints = listeners + SiteLimits.listenersMax * listenerWords
    private static let routes = endpoints + SiteLimits.endpointsMax * endpointWords
    private static let routeTotals = routes + MetricLimits.routePlaces * routeWords
    private static let upstreams = routeTotals + MetricLimits.routePlaces * histogramWords
    static let count = upstreams + SiteLimits.upstreamsMax * 2 * histogramWords

    @inline(__always)
    static func end(_ reason: EndReason) -> Int { ends + Int(reason.rawValue) }

    static func deadline(_ deadline: Deadline) -> Int { deadlines + deadline.rawValue }

    static func refusal(_ reason: HeadRefusal) -> Int { refusals + Int(reason.rawValue) }

    @inline(__always)
    static func histogram(_ kind: WorkerHistogram) -> Int {
        histograms + kind.rawValue * histogramWords
    }

    @inline(__always)
    static func listener(_ id: UInt32, _ metric: ListenerMetric) -> Int {
        precondition(id < UInt32(SiteLimits.listenersMax))
        return listeners + Int(id) * listenerWords + metric.rawValue
    }

    @inline(__always)
    static func endpoint(_ id: UInt32, _ metric: EndpointMetric) -> Int {
        answer(ofEndpoint: id, .none) + classes + metric.rawValue
    }

    @inline(__always)
    static func answer(ofEndpoint id: UInt32, _ status: StatusClass) -> Int {
        precondition(id < UInt32(SiteLimits.endpointsMax))
        return endpoints + Int(id) * endpointWords + status.rawValue
    }

    @inline(__always)
    static func request(_ id: UInt32, _ method: Method, _ status: StatusClass) -> Int {
        precondition(id < UInt32(MetricLimits.routePlaces))
        return routes + Int(id) * routeWords + Int(method.rawValue) * classes + status.rawValue
    }

    static func tunnels(_ id: UInt32) -> Int { request(id, .get, .none) + tunnelWord }

    static func tunnelEnds(_ id: UInt32) -> Int { tunnels(id) + 1 }

    @inline(__always)
    static func totals(ofRoute id: UInt32) -> Int {
        precondition(id < UInt32(MetricLimits.routePlaces))
        return routeTotals + Int(id) * histogramWords
    }

    @inline(__always)
    static func firstBytes(ofUpstream id: UInt32) -> Int {
        precondition(id < UInt32(SiteLimits.upstreamsMax))
        return upstreams + Int(id) * 2 * histogramWords
    }

    @inline(__always)
    static func connects(ofUpstream id: UInt32) -> Int {
        firstBytes(ofUpstream: id) + histogramWords
    }
}
