// The array that a turn fills: order, room, and completions that find another owner.

import Testing

@testable import DataPlane

@Suite struct CompletionBatchTests {
    @Test func keepsWhatCameInItsOrder() {
        var batch = CompletionBatch(capacity: 64)
        for result in 0..<64 as Range<Int32> {
            #expect(batch.room == 64 - Int(result))
            batch.append(Completion(.receive, owner: 7, result: result))
        }
        #expect(batch.room == 0)
        for position in 0..<64 { #expect(batch[position].result == Int32(position)) }
        batch.removeAll()
        #expect(batch.count == 0)
    }

    /// Only what stands at the position or behind it, only one owner's, and nothing but the owner.
    @Test(arguments: [0, 3, 4, 8]) func readdressesFromAPositionOn(from position: Int) {
        var batch = CompletionBatch(capacity: 64)
        for index in 0..<8 {
            batch.append(
                Completion(
                    index < 4 ? .receive : .send, owner: index % 2 == 0 ? 10 : 11,
                    result: Int32(index), more: index == 2, buffer: BufferID(index: UInt32(index)))
            )
        }
        batch.readdress(from: position, owner: 10, to: 99)
        #expect(batch.count == 8)
        for index in 0..<8 {
            let isMoved = index >= position && index % 2 == 0
            #expect(batch[index].owner == (isMoved ? 99 : index % 2 == 0 ? 10 : 11))
            #expect(batch[index].operation == (index < 4 ? .receive : .send))
            #expect(batch[index].result == Int32(index))
            #expect(batch[index].more == (index == 2))
            #expect(batch[index].buffer.index == UInt32(index))
        }
    }
}
