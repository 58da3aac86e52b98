// What the worker tells of its exchanges, held against what its clients saw.

import DataPlane
import TestSupport

extension HTTPVerdict {
    /// Every answer that a client saw to its end is told, with its status. Of a client that stayed
    /// to the end nothing else is told, in the same order, and bytes are those that it was sent.
    func checkAccess(_ books: AccessBooks) {
        marks[.brokenHead] += books.records.count {
            $0.end == .clientClosed && $0.kind == .exchange && !AccessBooks.isBegun($0)
        }
        for client in ledger.clients where client.connection >= 0 {
            let connection = world.connections[client.connection]
            guard connection.isEstablished else { continue }
            let own = books.records.filter { $0.client == connection.peerAddress }
            let name = "client \(client.connection)"
            var left = own.filter { $0.kind == .exchange }.map { Int($0.status) }
            for receipt in client.receipts where receipt.isComplete {
                let place = left.firstIndex(of: receipt.status)
                expect(place != nil, "\(name) saw a \(receipt.status) that is not told")
                if let place { left.remove(at: place) }
            }
            let finished = own.filter { $0.end == .done || $0.end == .upgraded }
            let served = client.receipts.filter { $0.isComplete && !$0.isLocal }
            expect(
                finished.count >= served.count,
                "\(name) was served \(served.count) times, \(finished.count) are told")
            guard connection.sawEnd, !connection.isDead, !connection.isPeerClosed else { continue }
            marks[.toldToTheEnd] += 1
            let told = own.filter { $0.kind == .exchange && $0.status > 0 }.map { Int($0.status) }
            let seen = client.receipts.filter { $0.head != nil }.map(\.status)
            expect(told == seen, "\(name) saw \(seen), \(told) are told")
            expect(
                AccessBooks.sum(own, \.bytesOut) == connection.taken,
                "\(name) was sent \(connection.taken) bytes, \(AccessBooks.sum(own, \.bytesOut))"
                    + " are told")
            expect(
                AccessBooks.sum(own, \.bytesIn) <= connection.read,
                "\(name) sent \(connection.read) bytes, \(AccessBooks.sum(own, \.bytesIn)) are told"
            )
        }
    }
}
