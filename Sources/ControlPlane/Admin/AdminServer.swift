// The admin address: a small HTTP/1.1 server for the control API, on a thread of its own. It shares
// nothing with the workers but what they publish anyway.

internal import CLinux
internal import DataPlane
internal import Synchronization

/// A running admin server.
package final class AdminServer: Sendable {
    /// It gives way to the workers where they want the processor (sched(7)).
    private static let niceness: Int32 = 10

    /// The command that ends the process is answered like any other one.
    private static let lastAnswersNs: UInt64 = 500_000_000

    private let sockets: AdminSockets
    private let wake: Descriptor
    private let commands: CommandQueue
    private let isStopping = Atomic<Bool>(false)
    private let thread = Mutex<ControlThread?>(nil)

    /// Starts serving.
    ///
    /// - Parameters:
    ///   - sockets: taken over, also when this fails.
    ///   - token: asked for at every address but the Unix socket.
    ///   - target: what is asked.
    package static func start(
        _ sockets: AdminSockets, token: AdminToken?, target: any ControlTarget,
        limits: AdminLimits = AdminLimits()
    ) throws(StartError) -> AdminServer {
        var wake = Descriptor.none
        do throws(SystemError) {
            wake = Descriptor(raw: try SystemError.check(gyre_event_open()))
            let commands = try CommandQueue(waitingMax: limits.commandsMax, answered: wake)
            let server = AdminServer(sockets, wake, commands)
            try server.run(AdminGate(token: token), target, limits)
            return server
        } catch {
            sockets.close()
            if wake.isOpen { wake.close() }
            throw StartError("cannot start the admin server: \(error)")
        }
    }

    private init(_ sockets: AdminSockets, _ wake: Descriptor, _ commands: CommandQueue) {
        self.sockets = sockets
        self.wake = wake
        self.commands = commands
    }

    private func run(
        _ gate: AdminGate, _ target: any ControlTarget, _ limits: AdminLimits
    ) throws(SystemError) {
        let loop = try AdminLoop(
            sockets, wake: wake, gate: gate, target: target, commands: commands, limits: limits)
        try commands.start()
        let started = try ControlThread.start("gyre-admin") { [self] in
            _ = gyre_thread_give_way(Self.niceness)
            var loop = loop
            while !isStopping.load(ordering: .acquiring) { loop.turn() }
            loop.giveLastAnswers(withinNs: Self.lastAnswersNs)
            loop.close()
        }
        thread.withLock { $0 = started }
    }

    /// Ends it, with all its connections; removes the socket file. Once only.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        _ = gyre_event_signal(wake.raw)
        thread.withLock { $0?.join() }
        commands.stop()
        sockets.close()
        wake.close()
    }
}
