// What a thread of the control plane is to do, handed over without waiting: the newest order
// counts, or all of them together.

internal import CLinux
internal import DataPlane
internal import Synchronization

/// A place for one order. Any thread posts, one takes.
final class ThreadOrders<Value: Sendable>: Sendable {
    enum Order: Sendable {
        case none
        case work(Value)
        case stop
    }

    /// Readable when there is an order.
    let wake: Descriptor
    private let order = Mutex<Order>(.none)

    init() throws(SystemError) {
        wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
    }

    deinit {
        _ = gyre_close(wake.raw)
    }

    /// Replaces what the thread has not taken yet; nothing replaces a stop.
    func post(_ new: Order) {
        order.withLock { order in
            if case .stop = order { return }
            order = new
        }
        _ = gyre_event_signal(wake.raw)
    }

    /// Adds to what the thread has not taken yet; nothing is added to a stop.
    ///
    /// - Parameter nothing: what is added to when it has taken all.
    func add(to nothing: Value, _ change: (inout Value) -> Void) {
        order.withLock { order in
            switch order {
            case .stop: return
            case .none:
                var work = nothing
                change(&work)
                order = .work(work)
            case .work(var work):
                change(&work)
                order = .work(work)
            }
        }
        _ = gyre_event_signal(wake.raw)
    }

    /// The thread: what was posted since the last call.
    func take() -> Order {
        order.withLock { order in
            // Also when the order was taken before its signal came.
            _ = gyre_event_drain(wake.raw)
            let taken = order
            order = .none
            return taken
        }
    }
}
