// Lines in front of upstreams, against arrays that do the same.

import TestSupport
import Testing

@testable import DataPlane

private struct Guest: Waiting {
    var line = LineLinks()
}

@Suite struct WaitingLinesTests {
    @Test(arguments: 1...8)
    func linesAreLikeArrays(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var guests = Slab<Guest>(capacity: 64)
        var lines = WaitingLines<Guest>()
        var model: [UInt32: [UInt32]] = [:]
        var inFront: Set<UInt32> = []
        for _ in 0..<2_000 {
            let upstream = UInt32.random(in: 0..<4, using: &random)
            var line = model[upstream, default: []]
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                guard let guest = guests.insert(Guest())?.slot else { continue }
                lines.append(guest, to: upstream, in: &guests)
                line.append(guest)
            case 1:
                guard let guest = guests.insert(Guest())?.slot else { continue }
                lines.putInFront(guest, of: upstream, in: &guests)
                line.insert(guest, at: line.prefix { inFront.contains($0) }.count)
                inFront.insert(guest)
            default:
                guard let place = line.indices.randomElement(using: &random) else { continue }
                lines.remove(line[place], from: upstream, in: &guests)
                guests.remove(guests.index(ofSlot: line[place]))
                inFront.remove(line[place])
                line.remove(at: place)
            }
            model[upstream] = line
            try #require(lines.first(of: upstream) == line.first)
            try #require(lines.count == model.values.reduce(0) { $0 + $1.count })
        }
        for (upstream, line) in model {
            for guest in line {
                #expect(lines.first(of: upstream) == guest)
                lines.remove(guest, from: upstream, in: &guests)
            }
        }
        #expect(lines.isEmpty && lines.first(of: 9) == nil)
    }
}
