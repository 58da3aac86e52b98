// Every byte both ways at once, on every relay path, while the readers stall, in bounded memory.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct FullDuplex {
        /// The most user memory, in bytes, that a stalled reader may cost its flow.
        private static let stalledReaderMax = 256 * 1024
        /// Sent each way to touch the shared working set, several times what that measures.
        private static let sharedMemoryBytes = 300 * 16_000

        @Test(arguments: Route.all)
        func everyByteArrivesWhileReadersStall(_ route: Route) throws {
            let listener = try Listener()
            let gyre = try GyreProcess(
                to: listener.address, route: route, options: ["--workers", "1"])
            try touchSharedMemory(of: gyre, listener)
            let base = try gyre.usage.anonymousBytes()
            let meter = Background { [usage = gyre.usage] in try highWater(of: usage) }
            try exchange(
                through: gyre, listener, count: heavyTransferBytes,
                stalls: StallPlan(count: 2, seconds: 1.5))
            let bytes = 2 * (heavyTransferBytes + Self.sharedMemoryBytes)
            #expect(try eventually { try gyre.counters().bytesTotal >= bytes })
            #expect(try gyre.counters().bytesTotal == bytes)
            try gyre.terminate()
            let growth = try meter.value() - base
            // Both ends have readers that stall, and they may do so at the same time.
            #expect(growth <= 2 * Self.stalledReaderMax)
        }

        /// One flow may live within what was touched before; many stalled ones cannot.
        @Test(arguments: Route.all)
        func stalledReadersHoldBoundedMemory(_ route: Route) throws {
            let flows = 32
            // Small at the reader, so that the flow stops at the proxy and not in its kernel.
            let listener = try Listener(receiveBuffer: 64 << 10)
            let gyre = try GyreProcess(
                to: listener.address, route: route, options: ["--workers", "1"])
            try touchSharedMemory(of: gyre, listener)
            let base = try gyre.usage.anonymousBytes()
            let pattern = Pattern(seed: 3)
            var clients: [Connection] = []
            var origins: [Connection] = []
            for _ in 0..<flows {
                clients.append(try gyre.connect())
                origins.append(try listener.accept())
            }
            // More than the socket buffers (tcp_rmem allows 32 MiB) and pipes on the way can hold.
            let bytes = 64 << 20
            let senders = clients.map { client in
                Background { try client.send(pattern, count: bytes) }
            }
            pause(2)
            #expect(
                senders.allSatisfy { !$0.hasEnded }, "a reader that stalls must stop its writer")
            let growth = try gyre.usage.anonymousBytes() - base
            #expect(growth <= flows * Self.stalledReaderMax)
            // One goes on where it stopped; the others have shown what they are for.
            try origins[0].receive(pattern, count: bytes)
            try senders[0].value()
            origins.forEach { $0.reset() }
            for sender in senders.dropFirst() {
                #expect(throws: SocketError.self) { try sender.value() }
            }
        }

        /// Buffers are lent from a working set that all flows of a worker share. It is touched
        /// once here, so that what comes later is a flow's own: many messages, each short of a
        /// full buffer, for bulk would take another path.
        private func touchSharedMemory(of gyre: GyreProcess, _ listener: Listener) throws {
            let client = try gyre.connect()
            let origin = try listener.accept()
            let message = Pattern(seed: 4).bytes(at: 0, count: 16_000)
            for _ in 0..<Self.sharedMemoryBytes / message.count {
                for (from, to) in [(client, origin), (origin, client)] {
                    try from.send(message)
                    #expect(try to.receive(message.count) == message)
                }
            }
        }

        /// Both ends of one flow exchange `count` bytes each way, checked, then end in order.
        private func exchange(
            through gyre: GyreProcess, _ listener: Listener, count: Int, stalls: StallPlan
        ) throws {
            let client = try gyre.connect()
            let origin = try listener.accept()
            let upward = Pattern(seed: 1)
            let downward = Pattern(seed: 2)
            let originEnd = Background {
                try origin.exchange(
                    sending: downward, receiving: upward, count: count, stalls: stalls)
            }
            try client.exchange(
                sending: upward, receiving: downward, count: count, stalls: stalls)
            try originEnd.value(within: 120)
        }

        /// The most anonymous memory seen, looking every 20 ms until the process has ended.
        private func highWater(of usage: ProcessUsage) throws -> Int {
            var most = try usage.anonymousBytes()
            while let now = try? usage.anonymousBytes() {
                most = max(most, now)
                pause(0.02)
            }
            return most
        }
    }
}
