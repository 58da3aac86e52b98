// How many clients and requests each listener and endpoint has on one worker, where other threads
// can read it. The worker stores, nobody else does, so nothing is contended.

internal import Synchronization

/// The gauges of one worker, by id. Any thread reads.
@safe
package final class SiteGauges: @unchecked Sendable {
    fileprivate static let oldestChange = SiteLimits.listenersMax + 2 * SiteLimits.endpointsMax
    fileprivate static let count = oldestChange + 1

    private let words: UnsafeMutablePointer<Atomic<UInt32>>

    package init() {
        unsafe words = .allocate(capacity: Self.count)
        for position in 0..<Self.count {
            unsafe (words + position).initialize(to: Atomic(0))
        }
    }

    deinit {
        unsafe words.deinitialize(count: Self.count)
        unsafe words.deallocate()
    }

    /// Clients that came by a listener and are not over.
    package func clients(ofListener id: UInt32) -> Int {
        read(GaugeWriter.place(ofListener: id))
    }

    /// Requests and flows that go to an endpoint.
    package func inFlight(ofEndpoint id: UInt32) -> Int {
        read(GaugeWriter.place(ofRequestsTo: id))
    }

    /// HTTP connections to an endpoint, idle ones included.
    package func connections(ofEndpoint id: UInt32) -> Int {
        read(GaugeWriter.place(ofConnectionsTo: id))
    }

    /// The change with which the oldest snapshot came that anything of the worker's still looks at;
    /// 0 for the first one.
    package var oldestChange: Int { read(Self.oldestChange) }

    private func read(_ place: Int) -> Int {
        unsafe Int(words[place].load(ordering: .relaxed))
    }

    /// For the worker, which keeps this object alive.
    var writer: GaugeWriter { unsafe GaugeWriter(words) }
}

/// Sets the gauges of one worker, on its thread; any thread reads. Valid as long as the
/// `SiteGauges` are.
@safe
struct GaugeWriter: BitwiseCopyable {
    private let words: UnsafeMutablePointer<Atomic<UInt32>>

    fileprivate init(_ words: UnsafeMutablePointer<Atomic<UInt32>>) {
        unsafe self.words = words
    }

    fileprivate static func place(ofListener id: UInt32) -> Int { Int(id) }

    fileprivate static func place(ofRequestsTo id: UInt32) -> Int {
        SiteLimits.listenersMax + Int(id) * 2
    }

    fileprivate static func place(ofConnectionsTo id: UInt32) -> Int {
        SiteLimits.listenersMax + Int(id) * 2 + 1
    }

    func setClients(_ count: UInt32, ofListener id: UInt32) {
        store(count, Self.place(ofListener: id))
    }

    /// What was last set, also by another thread.
    func clients(ofListener id: UInt32) -> Int {
        let place = Self.place(ofListener: id)
        precondition(place >= 0 && place < SiteGauges.count)
        return unsafe Int(words[place].load(ordering: .relaxed))
    }

    func setInFlight(_ count: UInt32, ofEndpoint id: UInt32) {
        store(count, Self.place(ofRequestsTo: id))
    }

    /// What was last set.
    func inFlight(ofEndpoint id: UInt32) -> UInt32 {
        let place = Self.place(ofRequestsTo: id)
        precondition(place >= 0 && place < SiteGauges.count)
        return unsafe words[place].load(ordering: .relaxed)
    }

    func setConnections(_ count: UInt32, ofEndpoint id: UInt32) {
        store(count, Self.place(ofConnectionsTo: id))
    }

    func setOldestChange(_ change: UInt32) { store(change, SiteGauges.oldestChange) }

    private func store(_ count: UInt32, _ place: Int) {
        precondition(place >= 0 && place < SiteGauges.count)
        unsafe words[place].store(count, ordering: .relaxed)
    }
}
