// What was counted until each of the last sixty seconds, and with it what happened in the last
// second and in the last minute. Pure: whoever has a clock samples. Bounded: 61 samples of some
// 20 KiB, and two histograms for each of a thousand routes and upstreams.

internal import DataPlane

/// Samples of one process.
struct MetricsHistory: Sendable {
    /// Totals by ids, to see what one second brought.
    struct Requests: Sendable {
        var atNs: UInt64
        var routes: [UInt32: UInt64] = [:]
        /// By the ids of listeners.
        var unrouted: [UInt32: UInt64] = [:]
        var endpoints: [UInt32: UInt64] = [:]
        var accepted: [UInt32: UInt64] = [:]
    }

    static let periodNs: UInt64 = 1_000_000_000
    private static let samplesMax = 61
    /// A sample that is younger is too young for a rate.
    private static let youngestNs: UInt64 = 900_000_000
    private static let minuteNs: UInt64 = 60_500_000_000

    private let start: ProcessSample
    /// The oldest first.
    private var samples: [ProcessSample] = []
    /// Of the last two samples.
    private var requests: [Requests] = []
    private var seconds: UInt32 = 0
    private(set) var routes = RecentTimes()
    private(set) var connects = RecentTimes()
    private(set) var firstBytes = RecentTimes()

    /// - Parameter startNs: when the workers began to count.
    init(startNs: UInt64, workers: Int) {
        start = ProcessSample(startNs: startNs, workers: workers)
        requests = [Requests(atNs: startNs)]
    }

    /// What is to be read for the next sample.
    func histogramsDue(_ counts: SiteCounts) -> MetricsLedger.Histograms {
        let upstreams = connects.due(seconds).union(firstBytes.due(seconds))
        return MetricsLedger.Histograms(routes: routes.due(seconds), upstreams: upstreams)
    }

    /// Keeps a sample; one a second.
    ///
    /// - Parameter counts: with the histograms that are due.
    mutating func take(_ sample: ProcessSample, _ counts: SiteCounts) {
        samples.append(sample)
        if samples.count > Self.samplesMax { samples.removeFirst() }
        requests.append(Requests(counts, atNs: sample.atNs))
        if requests.count > 2 { requests.removeFirst() }
        routes.take(
            counts.routes.indices.lazy.filter { counts.routes[$0].tally.requests.total > 0 }.map {
                RecentTimes.Thing(
                    id: counts.routes[$0].id,
                    identity: RecentTimes.identity(
                        counts.routes[$0].listener, counts.routes[$0].name),
                    times: counts.routes[$0].tally.total)
            }, seconds)
        let used = Set(counts.endpoints.filter(\.tally.isUsed).map(\.upstreamID))
        let upstreams = counts.upstreams.filter { used.contains($0.id) }
        connects.take(upstreams.map { RecentTimes.Thing($0, times: $0.tally.connect) }, seconds)
        firstBytes.take(
            upstreams.map { RecentTimes.Thing($0, times: $0.tally.firstByte) }, seconds)
        seconds &+= 1
    }

    /// Where the last second began: at a sample, up to two seconds ago.
    func secondStart(_ nowNs: UInt64) -> ProcessSample {
        samples.last { nowNs &- $0.atNs >= Self.youngestNs } ?? start
    }

    /// Where the last minute began, or as much of it as there was.
    func minuteStart(_ nowNs: UInt64) -> ProcessSample {
        let isOlder = start.atNs &+ Self.minuteNs < nowNs
        return isOlder ? samples.first { nowNs &- $0.atNs <= Self.minuteNs } ?? start : start
    }

    var processStart: ProcessSample { start }

    /// What had been counted by names when the last second began.
    func requests(before nowNs: UInt64) -> Requests {
        requests.last { nowNs &- $0.atNs >= Self.youngestNs } ?? requests[0]
    }
}

extension MetricsHistory.Requests {
    fileprivate init(_ counts: SiteCounts, atNs: UInt64) {
        self.init(atNs: atNs)
        routes.reserveCapacity(counts.routes.count)
        endpoints.reserveCapacity(counts.endpoints.count)
        for index in counts.routes.indices {
            routes[counts.routes[index].id] = counts.routes[index].tally.requests.total
        }
        for listener in counts.listeners {
            unrouted[listener.id] = listener.tally.unrouted.requests.total
            accepted[listener.id] = listener.tally[.accepted]
        }
        for endpoint in counts.endpoints { endpoints[endpoint.id] = endpoint.tally.requests }
    }
}

/// What histograms of things with ids were 30 to 60 seconds ago.
struct RecentTimes: Sendable {
    /// Something that has counted.
    struct Thing {
        let id: UInt32
        /// Tells it from another thing that had the id before.
        let identity: Int
        /// When it is due.
        let times: LatencyTally

        init(id: UInt32, identity: Int, times: LatencyTally) {
            self.id = id
            self.identity = identity
            self.times = times
        }

        init(_ upstream: SiteCounts.Upstream, times: LatencyTally) {
            self.init(
                id: upstream.id, identity: RecentTimes.identity(upstream.name), times: times)
        }
    }

    private struct Earlier: Sendable {
        let identity: Int
        var older = RecentTimes.nothing
        var newer = RecentTimes.nothing
    }

    static let rotationSeconds: UInt32 = 30
    /// Things that are looked at; the others have no recent times.
    private static let thingsMax = 1_024
    private static let nothing = LatencyHistogram()

    private var earlier: [UInt32: Earlier] = [:]

    static func identity(_ names: String...) -> Int {
        var hasher = Hasher()
        hasher.combine(names)
        return hasher.finalize()
    }

    private static func isDue(_ id: UInt32, _ second: UInt32) -> Bool {
        id % rotationSeconds == second % rotationSeconds
    }

    /// Whose histograms are kept in this second: each has its own, so that none has much to do.
    func due(_ second: UInt32) -> Set<UInt32> {
        Set(earlier.keys.filter { Self.isDue($0, second) })
    }

    /// - Parameter things: all that have counted; histograms of those that are due.
    fileprivate mutating func take(_ things: some Sequence<Thing>, _ second: UInt32) {
        var next: [UInt32: Earlier] = [:]
        var room = Self.thingsMax - earlier.count
        for thing in things {
            guard var known = earlier[thing.id], known.identity == thing.identity else {
                room -= 1
                // It began to count since the last second, so before that there was nothing.
                if room >= 0 { next[thing.id] = Earlier(identity: thing.identity) }
                continue
            }
            if Self.isDue(thing.id, second), let histogram = thing.times.histogram {
                known.older = known.newer
                // The same memory where nothing has changed.
                if histogram != known.newer { known.newer = histogram }
            }
            next[thing.id] = known
        }
        earlier = next
    }

    /// What came in the last 30 to 60 seconds.
    ///
    /// - Parameter now: the same histogram, read now.
    /// - Returns: `nil` when there is nothing to compare it with.
    func since(_ id: UInt32, _ now: LatencyTally) -> LatencyHistogram? {
        guard let histogram = now.histogram, let known = earlier[id] else { return nil }
        let isSame = zip(histogram.buckets, known.older.buckets).allSatisfy { $0 >= $1 }
        return isSame ? histogram.since(known.older) : nil
    }
}
