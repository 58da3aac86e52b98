// The process whose place this one takes: it is found by its control API, and told to leave its
// clients to this one once this one serves. Main thread.

internal import DataPlane
internal import Logging
internal import Protocols

/// A process that serves the same addresses.
struct Predecessor {
    private let client: AdminClient
    /// Made before this process has the control API's address itself.
    private let connection: AdminClient.Connection

    /// Finds the process that serves the control API where this one is going to; `nil` when there
    /// is none, which the log is told.
    static func find(_ admin: Configuration.Admin, _ log: Logger) throws(StartError) -> Predecessor?
    {
        let place: AdminClient.Place
        switch (admin.socket, admin.address) {
        case (.automatic, _): place = .sockets(RuntimeFolder.socketPaths)
        case (.path(let path), _): place = .sockets([path])
        case (.off, let address?): place = .address(address)
        case (.off, nil):
            throw StartError(
                "cannot take over: the configuration has no admin socket and no admin address, by"
                    + " which the process before would be found")
        }
        let client = AdminClient(place, token: try AdminOptions(admin).token)
        do throws(AdminClientError) {
            return Predecessor(client: client, connection: try client.connect())
        } catch {
            switch error {
            case .unreachable(let line): log.info("nobody to take over from: \(line)")
            case .failed(let line): log.warning("nobody to take over from: \(line)")
            }
            return nil
        }
    }

    /// Has it send new connections here and leave its clients to this process. Returns when it has
    /// closed its listening sockets.
    ///
    /// - Parameter sockets: how many this process has on each address.
    func handOver(sockets: Int, _ log: Logger) {
        do {
            let order = try AdminJSON.encode(DrainOrder(process: sockets))
            let answer = try client.ask(.drain, body: order, on: connection)
            let outcome = try AdminJSON.decode(DrainOutcome.self, answer.body)
            guard outcome.verdict == .done else {
                log.error("the process before goes on serving: \(outcome.reason ?? "refused")")
                return
            }
            log.info(
                "took over", metadata: ["connectionsLeft": "\(outcome.remaining ?? 0)"])
        } catch {
            log.error("the process before goes on serving: \(error)")
        }
    }
}
