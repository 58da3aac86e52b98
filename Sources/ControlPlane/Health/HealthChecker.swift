// Active checks as the rest of the control plane sees them: a thread that is given endpoints and
// writes what it finds into the health table. One for the whole process.

package import DataPlane

/// The running checks.
package final class HealthChecker: Sendable {
    private let orders: ThreadOrders<[HealthTarget]>
    private let thread: ControlThread

    private init(_ orders: ThreadOrders<[HealthTarget]>, _ thread: ControlThread) {
        self.orders = orders
        self.thread = thread
    }

    /// Starts the thread, which has nothing to check yet.
    ///
    /// - Parameter health: where states go; its changes tell what was found and why.
    package static func start(
        reportingTo health: EndpointHealth
    ) throws(SystemError) -> HealthChecker {
        let orders = try ThreadOrders<[HealthTarget]>()
        // Made here, so that what the kernel refuses is refused before there is a thread.
        let loop = LoopBox(try CheckLoop(orders, health))
        let thread = try ControlThread.start("gyre-health") { loop.run() }
        return HealthChecker(orders, thread)
    }

    /// Any thread: what is to be checked from now on. New endpoints are checked at once; those that
    /// stay keep their state; those that go become unknown.
    ///
    /// - Parameter targets: each with an endpoint id of its own that the health table knows.
    package func update(_ targets: [HealthTarget]) { orders.post(.work(targets)) }

    /// Ends the thread and closes its sockets; states stay as they are. Once only.
    package func stop() {
        orders.post(.stop)
        thread.join()
    }
}

/// A loop on its way to its thread.
private final class LoopBox {
    private var loop: CheckLoop?

    init(_ loop: consuming CheckLoop) {
        self.loop = consume loop
    }

    func run() {
        loop.take()?.run()
    }
}
