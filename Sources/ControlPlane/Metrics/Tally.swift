// What was counted of one listener, route, upstream or endpoint, of all workers together: values
// that can be added and taken from each other.

internal import DataPlane
internal import Protocols

/// Counts of one thing.
protocol Tally: Sendable {
    /// Nothing counted.
    init()
    mutating func add(_ other: Self)
    /// What came since an earlier reading of the same words.
    func since(_ earlier: Self) -> Self
}

/// Requests by method and status class.
struct RequestTally: Tally {
    static let methods = (0...Method.other.rawValue).compactMap(Method.init(rawValue:))
    private static let classes = StatusClass.allCases.count
    private static let count = 60

    private var words = InlineArray<60, UInt64>(repeating: 0)

    subscript(method: Method, status: StatusClass) -> UInt64 {
        get { words[Int(method.rawValue) * Self.classes + status.rawValue] }
        set { words[Int(method.rawValue) * Self.classes + status.rawValue] = newValue }
    }

    var total: UInt64 {
        var sum: UInt64 = 0
        for index in 0..<Self.count { sum &+= words[index] }
        return sum
    }

    /// Adds what a worker has counted of a route.
    mutating func add(_ worker: WorkerMetrics, route id: UInt32) {
        worker.addRequests(ofRoute: id, to: &words)
    }

    func total(_ status: StatusClass) -> UInt64 {
        Self.methods.reduce(0) { $0 &+ self[$1, status] }
    }

    mutating func add(_ other: RequestTally) {
        for index in 0..<Self.count { words[index] &+= other.words[index] }
    }

    func since(_ earlier: RequestTally) -> RequestTally {
        var result = self
        for index in 0..<Self.count { result.words[index] &-= earlier.words[index] }
        return result
    }
}

/// A histogram, or none where nothing was counted or nobody wanted to know.
struct LatencyTally: Tally {
    var histogram: LatencyHistogram?

    mutating func add(_ other: LatencyTally) {
        guard let theirs = other.histogram else { return }
        guard var own = histogram else {
            histogram = theirs
            return
        }
        // Taken out, so that it is changed in its place.
        histogram = nil
        own.add(theirs)
        histogram = own
    }

    func since(_ earlier: LatencyTally) -> LatencyTally {
        guard let histogram, let earlier = earlier.histogram else { return self }
        return LatencyTally(histogram: histogram.since(earlier))
    }
}

struct RouteTally: Tally {
    var requests = RequestTally()
    /// From requests' heads to the last bytes of their answers.
    var total = LatencyTally()

    mutating func add(_ other: RouteTally) {
        requests.add(other.requests)
        total.add(other.total)
    }

    func since(_ earlier: RouteTally) -> RouteTally {
        RouteTally(
            requests: requests.since(earlier.requests), total: total.since(earlier.total))
    }
}

struct ListenerTally: Tally {
    private var words = InlineArray<4, UInt64>(repeating: 0)
    /// Requests that no route took.
    var unrouted = RouteTally()

    subscript(metric: ListenerMetric) -> UInt64 {
        get { words[metric.rawValue] }
        set { words[metric.rawValue] = newValue }
    }

    mutating func add(_ other: ListenerTally) {
        for metric in ListenerMetric.allCases { self[metric] &+= other[metric] }
        unrouted.add(other.unrouted)
    }

    func since(_ earlier: ListenerTally) -> ListenerTally {
        var result = self
        for metric in ListenerMetric.allCases { result[metric] &-= earlier[metric] }
        result.unrouted = unrouted.since(earlier.unrouted)
        return result
    }
}

struct UpstreamTally: Tally {
    var firstByte = LatencyTally()
    var connect = LatencyTally()

    mutating func add(_ other: UpstreamTally) {
        firstByte.add(other.firstByte)
        connect.add(other.connect)
    }

    func since(_ earlier: UpstreamTally) -> UpstreamTally {
        UpstreamTally(
            firstByte: firstByte.since(earlier.firstByte), connect: connect.since(earlier.connect))
    }
}

struct EndpointTally: Tally {
    private static let classes = StatusClass.allCases.count
    private static let count = 16

    /// Answers by status class, then metrics.
    private var words = InlineArray<16, UInt64>(repeating: 0)

    subscript(status: StatusClass) -> UInt64 {
        get { words[status.rawValue] }
        set { words[status.rawValue] = newValue }
    }

    subscript(metric: EndpointMetric) -> UInt64 {
        get { words[Self.classes + metric.rawValue] }
        set { words[Self.classes + metric.rawValue] = newValue }
    }

    /// Adds what a worker has counted of an endpoint.
    mutating func add(_ worker: WorkerMetrics, endpoint id: UInt32) {
        worker.addCounts(ofEndpoint: id, to: &words)
    }

    /// Requests that ended.
    var requests: UInt64 {
        var sum: UInt64 = 0
        for index in 0..<Self.classes { sum &+= words[index] }
        return sum
    }

    /// Whether there is anything that its upstream could have a histogram of.
    var isUsed: Bool {
        requests > 0 || self[.connectionsOpened] > 0 || self[.flows] > 0
            || self[.connectFailures] > 0 || self[.connectTimeouts] > 0
    }

    /// What went wrong with it, in one number: none of these is counted twice.
    var failures: UInt64 {
        self[.connectFailures] &+ self[.connectTimeouts] &+ self[.resets] &+ self[.timeouts]
            &+ self[.badResponses]
    }

    mutating func add(_ other: EndpointTally) {
        for index in 0..<Self.count { words[index] &+= other.words[index] }
    }

    func since(_ earlier: EndpointTally) -> EndpointTally {
        var result = self
        for index in 0..<Self.count { result.words[index] &-= earlier.words[index] }
        return result
    }
}
