// epoll(7) for threads of the control plane: a hundred sockets, not a hundred thousand.

internal import CLinux
internal import DataPlane

/// Watches descriptors for whoever calls `wait`.
struct EventPoll {
    /// What was found about one descriptor.
    struct Event {
        let token: UInt64
        let isReadable: Bool
        let isWritable: Bool
        /// The connection is over in both directions, or broken.
        let isOver: Bool
    }

    private static let eventsMax = 64

    private let descriptor: Descriptor

    init() throws(SystemError) {
        descriptor = Descriptor(raw: try SystemError.check(gyre_epoll_open()))
    }

    func close() { descriptor.close() }

    /// Watches for every change to readable and to writable. A descriptor that is closed is not
    /// watched any more.
    ///
    /// - Parameter token: comes back with the events.
    func add(_ watched: Descriptor, token: UInt64) throws(SystemError) {
        let events =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        try SystemError.check(gyre_epoll_add(descriptor.raw, watched.raw, events, token))
    }

    /// - Parameter timeoutNs: -1 is "for ever".
    func wait(timeoutNs: Int64) -> [Event] {
        var events = [gyre_epoll_event](repeating: gyre_epoll_event(), count: Self.eventsMax)
        let count = unsafe gyre_epoll_wait(
            descriptor.raw, &events, Int32(Self.eventsMax), timeoutNs)
        // Interrupted, which the caller's loop takes for nothing having happened.
        guard count > 0 else { return [] }
        let over = EPOLLERR.rawValue | EPOLLHUP.rawValue
        return events.prefix(Int(count)).map { event in
            Event(
                token: event.token,
                isReadable: event.events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | over) != 0,
                isWritable: event.events & (EPOLLOUT.rawValue | over) != 0,
                isOver: event.events & over != 0)
        }
    }
}
