// Values that are set once: order, the empty table, and the border.

import Testing

@testable import DataPlane

@Suite struct FixedTableTests {
    @Test func keepsValuesInTheirOrder() {
        let table = FixedTable([3, 1, 4, 1, 5] as [UInt16])
        #expect(table.count == 5)
        #expect(table[0] == 3)
        #expect(table[4] == 5)
        #expect(table.span.count == 5)
        #expect(table.span[2] == 4)
    }

    /// A slice's first position is not 0.
    @Test func takesAnyCollection() {
        let table = FixedTable([9, 8, 7, 6][2...])
        #expect(table.count == 2)
        #expect(table[0] == 7)
        #expect(table[1] == 6)
    }

    @Test func anEmptyTableHasNothing() {
        let table = FixedTable([UInt64]())
        #expect(table.count == 0)
        #expect(table.span.count == 0)
    }

    @Test(arguments: [-1, 2]) func aPositionOutsideStopsTheProcess(position: Int) async {
        await #expect(processExitsWith: .failure) { [position] in
            let table = FixedTable([1, 2])
            #expect(table[position] == 0)
        }
    }
}
