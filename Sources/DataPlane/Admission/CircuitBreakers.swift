// How many connections and requests each upstream has, over all workers, and who waits for one to
// end. Workers share these words; whoever gives something back wakes whoever waits for it.

internal import CLinux
internal import Synchronization

/// What became of work that came for an upstream.
enum BreakerVerdict: Equatable {
    /// It has a permit.
    case admitted
    /// It counts as waiting, and stands in a line of its worker.
    case waits
    /// As many wait as may.
    case full
}

/// The limits' counts of all upstreams, by id. Copies refer to the same counts. Any thread.
///
/// A permit is the right to use one connection, for a request or for a flow. Who gives one back
/// hands it to the next worker that has somebody waiting, the workers in turn, so that none can
/// keep all permits to itself; only when nobody waits it is free for whoever comes. Connections
/// are counted apart: idle ones have no permit, and the last of them is gone when its socket is.
package struct CircuitBreakers: BitwiseCopyable, Sendable {
    // Words of an upstream, a cache line for each.
    private static let stride = 8
    /// `permits:32 | waiting:32`: taken, and how many wait who were not handed one yet.
    private static let permits = 0
    private static let connections = 1
    private static let requests = 2
    /// Work with a permit that waits for the end of some idle connection.
    private static let starving = 3

    private let upstreams: SharedWords
    /// Per upstream and worker, `waiting:32 | granted:32`: how many stand in the worker's lines,
    /// and how many of them were handed a permit.
    private let lines: SharedWords
    /// Per worker, one more than the eventfd that ends its wait; 0 before it runs.
    private let wakes: SharedWords

    /// - Parameter workers: how many there are, at least 1.
    package init(workers: Int) {
        precondition(workers > 0)
        upstreams = SharedWords(count: SiteLimits.upstreamsMax * Self.stride)
        lines = SharedWords(count: SiteLimits.upstreamsMax * workers)
        wakes = SharedWords(count: workers)
    }

    /// A worker runs from now on.
    ///
    /// - Parameter wake: the eventfd that ends its wait, open as long as any worker runs.
    func join(_ worker: Int, wake: Descriptor) {
        wakes.storeReleasing(worker, UInt64(wake.raw) + 1)
    }

    private func place(_ upstream: UInt32, _ word: Int) -> Int {
        Int(upstream) * Self.stride + word
    }

    private func line(_ upstream: UInt32, _ worker: Int) -> Int {
        Int(upstream) * wakes.count + worker
    }

    private func wake(_ worker: Int) {
        let descriptor = wakes.loadAcquiring(worker)
        if descriptor > 0 { _ = gyre_event_signal(Int32(descriptor - 1)) }
    }

    /// Whether nothing of an upstream is counted any more.
    package func isUnused(_ upstream: UInt32) -> Bool {
        (0...Self.starving).allSatisfy { upstreams.load(place(upstream, $0)) == 0 }
    }
}

// MARK: Permits

extension CircuitBreakers {
    private static let one: UInt64 = 1 << 32

    private static func taken(_ word: UInt64) -> UInt64 { word >> 32 }

    private static func waiting(_ word: UInt64) -> UInt64 { word & 0xFFFF_FFFF }

    /// Takes a permit, or else counts as waiting.
    ///
    /// - Parameters:
    ///   - limit: permits, at least 1.
    ///   - waitingMax: how many may wait, of all workers.
    func enter(
        _ upstream: UInt32, worker: Int, limit: UInt32, waitingMax: UInt32
    ) -> BreakerVerdict {
        let place = place(upstream, Self.permits)
        let free: (UInt64) -> UInt64? = { word in
            Self.waiting(word) == 0 && Self.taken(word) < limit ? word + Self.one : nil
        }
        if upstreams.update(place, free) != nil { return .admitted }
        // Before anybody can see that somebody waits: the place in line must be found then.
        lines.add(line(upstream, worker), Self.one)
        let change = upstreams.update(place) { word in
            free(word) ?? (Self.waiting(word) < waitingMax ? word + 1 : nil)
        }
        if let change, Self.waiting(change.after) > Self.waiting(change.before) { return .waits }
        if endLine(upstream, worker: worker) { passOn(upstream, worker: worker) }
        return change == nil ? .full : .admitted
    }

    /// Gives back a permit that was handed to a place nobody had been counted for: somebody who is
    /// counted has lost that for it.
    private func passOn(_ upstream: UInt32, worker: Int) {
        _ = upstreams.update(place(upstream, Self.permits)) { $0 + 1 }
        give(upstream, worker: worker)
    }

    /// Takes one place out of a worker's lines. Permits that were handed to them are for those who
    /// are left, and no more.
    ///
    /// - Returns: whether one permit is left over.
    private func endLine(_ upstream: UInt32, worker: Int) -> Bool {
        let change = lines.update(line(upstream, worker)) { word in
            word - Self.one - (Self.waiting(word) == Self.taken(word) ? 1 : 0)
        }
        return change.map { Self.waiting($0.after) < Self.waiting($0.before) } ?? false
    }

    /// Takes a permit for the first of those who wait in a worker's lines.
    ///
    /// - Returns: false when there is none yet.
    func takeTurn(_ upstream: UInt32, worker: Int, limit: UInt32) -> Bool {
        let line = line(upstream, worker)
        let granted = lines.update(line) { word in
            Self.waiting(word) > 0 ? word - Self.one - 1 : nil
        }
        if granted != nil { return true }
        // Nobody hands on what nobody had: a limit that has grown.
        let change = upstreams.update(place(upstream, Self.permits)) { word in
            guard Self.taken(word) < limit else { return nil }
            return word + Self.one - (Self.waiting(word) > 0 ? 1 : 0)
        }
        guard change != nil else { return false }
        if endLine(upstream, worker: worker) { passOn(upstream, worker: worker) }
        return true
    }

    /// One that waited in a worker's lines waits no more, without a permit.
    func leave(_ upstream: UInt32, worker: Int) {
        if endLine(upstream, worker: worker) {
            give(upstream, worker: worker)
        } else {
            // None: then somebody is about to hand a permit to this place, and finds out.
            _ = upstreams.update(place(upstream, Self.permits)) { word in
                Self.waiting(word) > 0 ? word - 1 : nil
            }
        }
    }

    /// Gives a permit back: to the next worker that has somebody waiting, or to nobody.
    func give(_ upstream: UInt32, worker: Int) {
        var hasMissedSomebody = false
        while true {
            let change = upstreams.update(place(upstream, Self.permits)) { word in
                Self.waiting(word) > 0 ? word - 1 : word - Self.one
            }
            guard let change, Self.waiting(change.after) < Self.waiting(change.before) else {
                // Whoever came while it was looked for may take it by itself.
                if hasMissedSomebody { wakeOthers(than: worker) }
                return
            }
            if handOn(upstream, after: worker) { return }
            // Whoever waited has left meanwhile, or stands where others were looked for.
            hasMissedSomebody = true
        }
    }

    private func handOn(_ upstream: UInt32, after worker: Int) -> Bool {
        for distance in 1...wakes.count {
            let next = (worker + distance) % wakes.count
            let change = lines.update(line(upstream, next)) { word in
                Self.taken(word) > Self.waiting(word) ? word + 1 : nil
            }
            guard change != nil else { continue }
            if next != worker { wake(next) }
            return true
        }
        return false
    }
}

// MARK: Requests and connections

extension CircuitBreakers {
    /// Counts a request, those that wait included.
    ///
    /// - Returns: false when there are as many as may be.
    func requestCame(_ upstream: UInt32, limit: UInt32) -> Bool {
        upstreams.update(place(upstream, Self.requests)) { $0 < limit ? $0 + 1 : nil } != nil
    }

    func requestWent(_ upstream: UInt32) {
        upstreams.add(place(upstream, Self.requests), 0 &- 1)
    }

    /// Counts a connection.
    ///
    /// - Parameter limit: `.max` for none.
    /// - Returns: false when there are as many as may be.
    func connectionCame(_ upstream: UInt32, limit: UInt32) -> Bool {
        let place = place(upstream, Self.connections)
        guard limit != .max else {
            upstreams.add(place, 1)
            return true
        }
        return upstreams.update(place) { $0 < limit ? $0 + 1 : nil } != nil
    }

    /// The last of a connection is gone.
    func connectionWent(_ upstream: UInt32, worker: Int) {
        upstreams.add(place(upstream, Self.connections), 0 &- 1)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if starving(upstream) > 0 { wakeOthers(than: worker) }
    }

    /// Whether another connection may be made.
    func hasRoom(_ upstream: UInt32, limit: UInt32) -> Bool {
        upstreams.load(place(upstream, Self.connections)) < limit
    }

    /// Work with a permit waits until some idle connection has ended.
    func starve(_ upstream: UInt32, worker: Int) {
        upstreams.add(place(upstream, Self.starving), 1)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        // The idle ones may all be theirs.
        wakeOthers(than: worker)
    }

    func endStarving(_ upstream: UInt32) {
        upstreams.add(place(upstream, Self.starving), 0 &- 1)
    }

    /// How much work waits for that.
    func starving(_ upstream: UInt32) -> Int {
        Int(upstreams.load(place(upstream, Self.starving)))
    }

    private func wakeOthers(than worker: Int) {
        for other in 0..<wakes.count where other != worker { wake(other) }
    }
}

// MARK: Reports

extension CircuitBreakers {
    /// Connections to an upstream, idle ones included.
    package func connections(_ upstream: UInt32) -> Int {
        Int(upstreams.load(place(upstream, Self.connections)))
    }

    /// Requests and flows that wait for a connection.
    package func waiting(_ upstream: UInt32) -> Int {
        Int(Self.waiting(upstreams.load(place(upstream, Self.permits))))
    }
}
