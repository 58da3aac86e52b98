// What a file table is divided into always fits into it, and both ends of every limit.

import Testing

@testable import ControlPlane

@Suite struct FileTableSharesTests {
    @Test(arguments: [200, 256, 1_000, 1_024, 20_000, 1 << 20, .max] as [UInt64], [false, true])
    func thePartsFit(descriptors: UInt64, isHTTP: Bool) {
        let table = FileTableShares(descriptors: descriptors, isHTTP: isHTTP)
        #expect(table.clients > 0 && table.clientsMax >= table.clients)
        for clients in [1, table.clients, table.clientsMax, (table.clientsMax + 1) / 2] {
            let (slots, upstreams) = table.shares(clients: clients)
            #expect(slots <= FileTableShares.slotsMax && UInt64(slots) <= descriptors)
            let closing = slots / FileTableShares.closingShare
            #expect(clients + upstreams + closing + FileTableShares.acceptSlots <= slots)
            if clients <= table.clients { #expect(upstreams == clients) }
            #expect(upstreams >= min(clients, table.clientsMax / 4))
        }
    }

    @Test func onlyHTTPClientsCanBeMoreThanHalfATable() {
        let tcp = FileTableShares(descriptors: 20_000, isHTTP: false)
        #expect(tcp.clients == 8_686 && tcp.clientsMax == 8_686)
        let http = FileTableShares(descriptors: 20_000, isHTTP: true)
        #expect(http.clients == 8_686 && http.clientsMax == 13_029)
    }

    @Test func aTableForFewIsSmall() {
        let table = FileTableShares(descriptors: 20_000, isHTTP: false)
        #expect(table.shares(clients: 1).slots < 256)
    }

    @Test func tooFewDescriptorsAreRefused() {
        let table = FileTableShares(descriptors: 64, isHTTP: true)
        #expect(table.clients == 0 && table.clientsMax == 0)
        let shares = ResourceShares(
            workers: 1, connections: nil, descriptors: 64, table: table)
        #expect(shares == nil)
    }

    @Test func eachWorkerHasATable() throws {
        let table = FileTableShares(descriptors: 20_000, isHTTP: true)
        let shares = try #require(
            ResourceShares(workers: 8, connections: 100_000, descriptors: 20_000, table: table))
        #expect(shares.connections == 100_000)
        #expect(try #require(shares.table(ofWorker: 7)).slots == 20_000)
        #expect(try #require(shares.table(ofWorker: 0)).upstreams == 4_872)
        let most = ResourceShares(
            workers: 8, connections: nil, descriptors: 20_000, table: table)
        #expect(most?.connections == 8 * 8_686)
        let without = ResourceShares(workers: 8, connections: nil, descriptors: 20_000)
        #expect(without?.table(ofWorker: 0) == nil)
        // The workers themselves are descriptors of the process.
        #expect(
            ResourceShares(workers: 100, connections: nil, descriptors: 1_024, table: table) == nil)
    }
}
