// Ids are kept as long as anybody may mean them.

import Testing

@testable import ControlPlane

@Suite struct IDPoolTests {
    @Test func thingsKeepTheirIDs() {
        var pool = IDPool<String>(capacity: 3)
        #expect(["a", "b", "a", "c"].map { pool.id(of: $0) } == [0, 1, 0, 2])
        #expect(pool.id(of: "d") == nil)
        #expect(pool.keep(only: ["a", "c"], change: 1) == [1])
        #expect(pool.id(of: "a") == 0)
    }

    @Test func idsOfWhatIsGoneWaitForEverybody() {
        var pool = IDPool<String>(capacity: 1)
        #expect(pool.id(of: "a") == 0)
        #expect(pool.keep(only: [], change: 2) == [0])
        // Something still looks at what came with the first change, in which it was there.
        pool.reclaim(before: 1) { _ in true }
        #expect(pool.id(of: "b") == nil)
        // Nothing does, but there is work left.
        pool.reclaim(before: 2) { _ in false }
        #expect(pool.id(of: "b") == nil)
        pool.reclaim(before: 2) { _ in true }
        #expect(pool.id(of: "b") == 0)
    }
}
