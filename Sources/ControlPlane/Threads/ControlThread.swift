// A thread of the control plane: for what waits by itself and must not hold up the main thread.

internal import CLinux
package import DataPlane

/// A started thread, all signals blocked in it.
package struct ControlThread: Sendable {
    private let thread: UInt64

    /// - Parameters:
    ///   - name: at most 15 bytes (pthread_setname_np(3)).
    ///   - body: what it does; the thread ends with it.
    package static func start(
        _ name: String, _ body: sending @escaping () -> Void
    ) throws(SystemError) -> ControlThread {
        var thread: UInt64 = 0
        let context = unsafe Unmanaged.passRetained(Body(run: body))
        let result = unsafe gyre_thread_start(
            &thread, name,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, context.toOpaque())
        if result < 0 { unsafe context.release() }
        try SystemError.check(result)
        return ControlThread(thread: thread)
    }

    /// Waits for its end. Once only.
    package func join() { _ = gyre_thread_join(thread) }

    /// Waits for its end, but not for ever. Once only; a thread that did not end in time is not
    /// waited for again.
    ///
    /// - Returns: whether it has ended.
    func join(withinMs timeoutMs: Int32) -> Bool {
        gyre_thread_join_within(thread, timeoutMs) == 0
    }

    /// The body on its way through C's plain pointer.
    private final class Body {
        let run: () -> Void

        init(run: @escaping () -> Void) {
            self.run = run
        }
    }
}
