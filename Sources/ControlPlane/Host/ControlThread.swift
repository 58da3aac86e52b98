// Threads of the control plane beside the main one: they may allocate and block.

internal import CLinux
internal import DataPlane

/// A thread that runs one body to its end. All signals stay blocked in it.
struct ControlThread: Sendable {
    private let handle: UInt64

    /// - Parameter name: at most 15 bytes (pthread_setname_np(3)).
    static func start(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> ControlThread {
        let context = unsafe Unmanaged.passRetained(Body(body))
        var handle: UInt64 = 0
        let result = unsafe gyre_thread_start(
            &handle, name,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, context.toOpaque())
        if result != 0 { unsafe context.release() }
        try SystemError.check(result)
        return ControlThread(handle: handle)
    }

    /// Waits for its end. Once only.
    func join() { _ = gyre_thread_join(handle) }
}

/// The way of a body through C's plain pointer.
private final class Body: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}
