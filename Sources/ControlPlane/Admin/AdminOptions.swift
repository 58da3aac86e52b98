// Where the control API is served, as the operator asked for it, and where its socket file is when
// nobody said.

internal import CLinux
package import Protocols

/// The operator's choice of admin addresses.
package struct AdminOptions: Equatable, Sendable {
    package enum Socket: Equatable, Sendable {
        case off
        /// In the runtime folder.
        case automatic
        /// Absolute.
        case path(String)
    }

    package var socket = Socket.off
    /// A TCP address; `nil` for none.
    package var address: AddressText?
    package var token: AdminToken?

    /// What the configuration says.
    ///
    /// - Throws: when its token cannot be one.
    init(_ admin: Configuration.Admin) throws(StartError) {
        switch admin.socket {
        case .automatic: socket = .automatic
        case .off: socket = .off
        case .path(let path): socket = .path(path)
        }
        address = admin.address
        do {
            token = try admin.token.isEmpty ? .fromEnvironment() : AdminToken(parsing: admin.token)
        } catch {
            throw StartError("cannot serve the control API: its token \(error)")
        }
    }

    package init(socket: Socket = .off, address: AddressText? = nil, token: AdminToken? = nil) {
        self.socket = socket
        self.address = address
        self.token = token
    }

    /// Whether nothing is served.
    package var isOff: Bool { socket == .off && address == nil }
}

/// The place of the admin socket when none is given.
package enum RuntimeFolder {
    private static let fileName = "gyre.sock"
    private static let systemFolder = "/run/gyre"

    private static var ownFolder: String { "/tmp/gyre-\(gyre_user())" }

    /// Folders that whoever started this process has made for it: systemd.exec(5), and the
    /// XDG Base Directory Specification.
    private static var givenFolders: [String] {
        let given = [
            // Of several, separated by colons, the first.
            Environment.value("RUNTIME_DIRECTORY").flatMap { $0.split(separator: ":").first },
            Environment.value("XDG_RUNTIME_DIR").map { Substring($0) },
        ]
        return given.compactMap { $0 }.filter { $0.hasPrefix("/") }.map(String.init)
    }

    /// Where a process would have its socket, the likeliest first. A folder in /tmp that is not
    /// this user's alone is not among them: anybody could have put a socket there.
    package static var socketPaths: [String] {
        let own = Folder(path: ownFolder)
        let folders = givenFolders + [systemFolder] + (own.isPrivate ? [own.path] : [])
        return folders.map { "\($0)/\(fileName)" }
    }

    /// The path for this process's socket; makes the folder if it has to.
    ///
    /// - Throws: when the folder in /tmp is not this user's alone.
    static func makeSocketPath() throws(StartError) -> String {
        if let given = givenFolders.first { return "\(given)/\(fileName)" }
        let system = Folder(path: systemFolder)
        if gyre_user() == 0 { system.make(mode: 0o755) }
        if system.isWritable { return "\(system.path)/\(fileName)" }
        let own = Folder(path: ownFolder)
        own.make(mode: 0o700)
        guard own.isPrivate else {
            throw StartError(
                "cannot have the admin socket in \(own.path): it is not a folder that only this"
                    + " user may enter; expected --admin-socket PATH")
        }
        return "\(own.path)/\(fileName)"
    }
}
