// Tables that are written in place: zero at first, the empty one, and the border.

import Testing

@testable import DataPlane

@Suite struct MutableTableTests {
    @Test func beginsWithZeroAndKeepsWhatIsWritten() {
        var table = MutableTable<UInt32>(zeroed: 1_000)
        #expect(table.count == 1_000)
        #expect((0..<1_000).allSatisfy { table[$0] == 0 })
        table[0] = 5
        table[999] += 7
        #expect(table[0] == 5 && table[1] == 0 && table[998] == 0 && table[999] == 7)
    }

    @Test func anEmptyTableHasNothing() {
        #expect(MutableTable<UInt64>(zeroed: 0).count == 0)
    }

    @Test(arguments: [-1, 2]) func aPositionOutsideStopsTheProcess(position: Int) async {
        await #expect(processExitsWith: .failure) { [position] in
            var table = MutableTable<UInt8>(zeroed: 2)
            table[position] = 1
        }
    }
}
