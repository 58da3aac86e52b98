// From one process to the next on the same addresses: nobody is refused in between. Main thread and
// command thread, while the workers own the sockets and none of them is being closed.

internal import CLinux
internal import DataPlane

extension ListenerSet {
    /// New connections go to the sockets of another process alone, which joined these ones on the
    /// same ports. What has begun to connect before still comes here.
    ///
    /// - Parameter count: how many sockets it has on each address, at least 1.
    package func steer(toNext count: Int) {
        for listener in listeners where !listener.address.isUnix {
            // Where it has none the rule means nothing, and the kernel chooses as before.
            _ = gyre_listeners_steer(
                listener.firstSocket.raw, UInt32(listener.socketCount), UInt32(count))
        }
    }

    /// The process that was there before has closed its sockets: the kernel spreads connections
    /// over these ones again.
    package func endSteering() {
        for listener in listeners where !listener.address.isUnix {
            _ = gyre_listeners_release(listener.firstSocket.raw)
        }
    }
}
