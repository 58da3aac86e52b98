// The pool of idle connections against a plain array that does the same by searching.

import TestSupport
import Testing

@testable import DataPlane

@Suite struct IdlePoolTests {
    /// What the pool should do, oldest first.
    private struct Model {
        struct Entry: Equatable {
            let slot: UInt32
            let endpoint: UInt32
            /// It is for one client, who takes it out himself.
            let isPrivate: Bool
        }

        var entries: [Entry] = []

        mutating func take(endpoint: UInt32) -> UInt32? {
            guard let position = entries.lastIndex(where: { $0.endpoint == endpoint }),
                !entries[position].isPrivate
            else { return nil }
            return entries.remove(at: position).slot
        }
    }

    /// Any order of insertions, removals and takes: the same answers, and the same order when the
    /// pool is emptied from its old end.
    @Test(arguments: 1...30 as ClosedRange<UInt64>) func behavesLikeAnArray(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let endpoints = UInt32(random.pick(1...5))
        let capacity = random.pick(1...40)
        var connections = Slab<UpstreamConnection>(capacity: capacity)
        var pool = IdlePool()
        pool.grow(endpoints: Int(endpoints))
        let address = try AddressReference(keeping: #require(SocketAddress(unixPath: "/run/a")))
        var model = Model()
        let inserting = random.pick(200...800)
        for _ in 0..<2_000 {
            if random.chance(inserting) {
                let endpoint = UInt32(random.pick(0...Int(endpoints) - 1))
                var record = UpstreamConnection(
                    exchange: .max, endpoint: endpoint, upstreamID: 0, address: address)
                let isPrivate = random.chance(200)
                if isPrivate { record.client = 7 }
                guard let index = connections.insert(record) else { continue }
                pool.insert(index.slot, in: &connections)
                model.entries.append(
                    Model.Entry(slot: index.slot, endpoint: endpoint, isPrivate: isPrivate))
            } else if random.chance(300), !model.entries.isEmpty {
                let position = random.pick(0...model.entries.count - 1)
                let slot = model.entries.remove(at: position).slot
                pool.remove(slot, in: &connections)
                connections.remove(connections.index(ofSlot: slot))
            } else {
                let endpoint = UInt32(random.pick(0...Int(endpoints) - 1))
                let taken = pool.take(endpoint: endpoint, in: &connections)
                #expect(taken == model.take(endpoint: endpoint))
                if let taken { connections.remove(connections.index(ofSlot: taken)) }
            }
            #expect(pool.count == model.entries.count)
            #expect(pool.oldest == model.entries.first?.slot ?? .max)
            for endpoint in 0..<endpoints {
                let count = model.entries.count { $0.endpoint == endpoint }
                #expect(pool.count(ofEndpoint: endpoint) == UInt32(count))
            }
        }
        while let first = model.entries.first {
            #expect(pool.oldest == first.slot)
            pool.remove(first.slot, in: &connections)
            model.entries.removeFirst()
        }
        #expect(pool.oldest == .max)
        #expect(pool.count == 0)
    }
}
