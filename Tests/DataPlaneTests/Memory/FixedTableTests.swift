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

    /// Whether so many bytes of `text`, from its third one on, stand behind the first of `other`.
    private static func found(_ length: Int, of text: [UInt8], in other: [UInt8]) -> Bool {
        let table = FixedTable(text)
        return table.matches(2, length, other.span, at: 1)
    }

    /// Longer than a word, so that both its loops are needed, and one byte off in each place.
    @Test func partsAreFoundInOtherBytes() {
        let text = Array("..a_path-of-21-bytes...".utf8)
        for length in 0...21 {
            let other: [UInt8] = [9] + text[2..<2 + length]
            #expect(Self.found(length, of: text, in: other))
            #expect(Self.found(length, of: text, in: other + [9]))
            for place in 1..<other.count {
                var spoilt = other
                spoilt[place] ^= 1
                #expect(!Self.found(length, of: text, in: spoilt))
            }
            let isFoundInLess = length > 0 && Self.found(length, of: text, in: other.dropLast())
            #expect(!isFoundInLess)
        }
    }

    @Test func lettersAreFoundInAnyCase() {
        let table = FixedTable(Array("example-1.org".utf8))
        let other = Array("ExAMPLE-1.oRg".utf8)
        let isFound = table.matches(0, 13, other.span, at: 0, folding: 0x20)
        let isSame = table.matches(0, 13, other.span, at: 0)
        #expect(isFound && !isSame)
    }
}
