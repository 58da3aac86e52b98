// Round robin: the circle, its start and its successor.

import Testing

@testable import DataPlane

@Suite struct RoundRobinTests {
    @Test(arguments: 1...7)
    func everyEndpointInTurnFromAnyStart(count: Int) {
        for start in 0..<3 * count {
            var order = RoundRobin(count: count, start: start)
            let picks = (0..<2 * count).map { _ in order.pick() }
            #expect(picks == (0..<2 * count).map { (start + $0) % count })
        }
    }

    @Test func successorsOfAFailedEndpointVisitEveryOtherOnce() {
        let order = RoundRobin(count: 5, start: 3)
        var endpoint = 2
        var tried = [endpoint]
        for _ in 0..<4 {
            endpoint = order.successor(of: endpoint)
            tried.append(endpoint)
        }
        #expect(tried == [2, 3, 4, 0, 1])
        #expect(order.successor(of: endpoint) == 2)
    }

    @Test func aFarStartIsFoldedIntoTheCircle() {
        var order = RoundRobin(count: 3, start: Int.max)
        #expect(order.pick() == Int.max % 3)
    }
}
