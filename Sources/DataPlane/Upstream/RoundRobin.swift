// The order in which endpoints get new flows. Each worker walks the circle on its own and starts
// at another place, so that few flows on many workers still spread.

/// Round robin over a fixed number of endpoints.
struct RoundRobin {
    private let count: Int
    private var position: Int

    /// - Parameters:
    ///   - count: endpoints, at least 1.
    ///   - start: where the first pick falls, any non-negative number.
    init(count: Int, start: Int) {
        precondition(count > 0 && start >= 0)
        self.count = count
        position = start % count
    }

    /// The endpoint of the next flow.
    mutating func pick() -> Int {
        let picked = position
        position = successor(of: picked)
        return picked
    }

    /// The endpoint to try after `endpoint` failed.
    func successor(of endpoint: Int) -> Int {
        endpoint + 1 == count ? 0 : endpoint + 1
    }
}
