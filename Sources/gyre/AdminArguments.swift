// The options of the admin address, on both of its ends.

internal import ArgumentParser
internal import ControlPlane
internal import Protocols

/// Where a serving command has its control API.
struct AdminArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Serve the control API on a Unix socket that only this user may connect to. auto is \
            gyre.sock in $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR, /run/gyre or /tmp/gyre-UID, the \
            first that there is. (default: off)
            """,
            valueName: "PATH|auto|off"),
        transform: Values.adminSocket)
    var adminSocket = Configuration.AdminSocket.off

    @Option(
        name: .customLong("admin"),
        help: ArgumentHelp(
            """
            Serve the control API on a TCP address. An address that other machines reach needs \
            a token. (default: off)
            """,
            valueName: "ADDR"),
        transform: Values.adminAddress)
    var adminAddress: AddressText?

    @Option(
        help: ArgumentHelp(
            """
            What clients of --admin have to show, as 'Authorization: Bearer TOKEN'. Other users \
            see options of a process: better given in \(AdminToken.variable).
            """,
            valueName: "TOKEN"),
        transform: Values.adminToken)
    var adminToken: AdminToken?

    func validate() throws {
        _ = try Values.token(adminToken)
    }

    var asked: Configuration.Admin {
        var admin = Configuration.Admin()
        admin.socket = adminSocket
        admin.address = adminAddress
        admin.token = adminToken?.text ?? ""
        return admin
    }
}

/// Where a client finds the control API.
struct ControlArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The Unix socket of the process. (default: where --admin-socket auto would have it)
            """,
            valueName: "PATH"),
        transform: Values.socketPath)
    var socket: String?

    @Option(
        help: ArgumentHelp("Its TCP address, instead of a socket.", valueName: "ADDR"),
        transform: Values.adminAddress)
    var address: AddressText?

    @Option(
        help: ArgumentHelp(
            "Its token. Better given in \(AdminToken.variable).", valueName: "TOKEN"),
        transform: Values.adminToken)
    var token: AdminToken?

    func validate() throws {
        if socket != nil && address != nil {
            throw ValidationError("--socket and --address are given; expected one of them")
        }
        _ = try Values.token(token)
    }

    /// What `--help` says of the exit code.
    static let discussion = """
        The exit code is 0 when it was done, 1 when it was refused, \(unreachable) when no gyre \
        answers there, and 64 when the command line is wrong.
        """

    private static let unreachable: Int32 = 3

    /// Who asks the process.
    func client() throws -> AdminClient {
        let place = address.map(AdminClient.Place.address)
        let sockets = AdminClient.Place.sockets(socket.map { [$0] } ?? RuntimeFolder.socketPaths)
        return AdminClient(place ?? sockets, token: try Values.token(token))
    }

    /// Asks the process.
    func ask(_ route: AdminRoute, body: [UInt8] = []) throws -> AdminClient.Answer {
        let client = try client()
        do throws(AdminClientError) {
            return try client.ask(route, body: body)
        } catch {
            throw Self.end(error)
        }
    }

    /// Follows a stream of events until it ends.
    ///
    /// - Parameter take: gets the data of each; false ends it.
    /// - Throws: what the process says, when it answers with something else.
    func follow(
        _ route: AdminRoute, query: String, _ take: (Substring) -> Bool
    ) throws {
        let client = try client()
        let answer: AdminClient.Answer?
        do throws(AdminClientError) {
            answer = try client.follow(route, query: query, take)
        } catch {
            throw Self.end(error)
        }
        if let answer { throw Self.failure(in: answer) }
    }

    /// What a command ends with that got no answer. Says so when nobody is there.
    static func end(_ error: AdminClientError) -> any Error {
        switch error {
        case .unreachable(let line):
            ErrorOutput.write(line: "gyre: \(line); expected a gyre with --admin-socket there")
            return ExitCode(unreachable)
        case .failed(let line): return StartError(line)
        }
    }

    /// Asks for a report.
    ///
    /// - Throws: what the process says, when it answers with something else.
    func report<Report: Decodable>(
        _ type: Report.Type, _ route: AdminRoute, body: [UInt8] = []
    ) throws -> Report {
        try Self.report(type, in: try ask(route, body: body))
    }

    static func report<Report: Decodable>(
        _ type: Report.Type, in answer: AdminClient.Answer
    ) throws -> Report {
        if let report = try? AdminJSON.decode(type, answer.body) { return report }
        throw failure(in: answer)
    }

    /// What an answer says that is not what was asked for.
    private static func failure(in answer: AdminClient.Answer) -> StartError {
        let failure = try? AdminJSON.decode(FailureReport.self, answer.body)
        return StartError(failure?.error ?? "what answers there is not gyre, or another version")
    }
}

extension Values {
    static func adminSocket(_ text: String) throws -> Configuration.AdminSocket {
        switch text {
        case "off": .off
        case "auto": .automatic
        default: .path(try socketPath(text))
        }
    }

    static func socketPath(_ text: String) throws -> String {
        guard case .unix(let path) = try address("unix:\(text)") else { return text }
        return path
    }

    static func adminAddress(_ text: String) throws -> AddressText {
        let address = try address(text)
        guard address.port != nil else {
            throw ValidationError("expected host:port, :port or [v6]:port")
        }
        return address
    }

    static func adminToken(_ text: String) throws -> AdminToken {
        do {
            return try AdminToken(parsing: text)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// The token that was given, else that of the environment.
    static func token(_ given: AdminToken?) throws -> AdminToken? {
        if let given { return given }
        do {
            return try AdminToken.fromEnvironment()
        } catch {
            throw ValidationError("\(AdminToken.variable): \(error)")
        }
    }
}
