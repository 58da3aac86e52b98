// A terminal that a test can look at: tmux with a socket and a server of its own.

import Foundation

/// A shell in a terminal. Ended with the last reference.
public final class TmuxSession: Sendable {
    private let directory: TemporaryDirectory

    /// Starts a shell.
    ///
    /// - Parameter environment: variables to add.
    public init(columns: Int, rows: Int, environment: [String: String] = [:]) throws {
        directory = try TemporaryDirectory()
        // Without the machine's configuration; UTF-8 whatever the locale is.
        let variables = environment.map { "\($0)=\($1)" }
        try run(
            ["new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "-s", "test", "env"]
                + variables + ["PS1=$ ", "/bin/sh"])
    }

    deinit {
        _ = try? run(["kill-server"])
    }

    @discardableResult
    private func run(_ arguments: [String]) throws -> String {
        let run = try ChildProcess.run(
            ["tmux", "-u", "-f", "/dev/null", "-S", directory.file("tmux")] + arguments, within: 10)
        guard run.status == .exited(0) else {
            throw TestFailure("tmux \(arguments): \(run.errorOutput)")
        }
        return run.output
    }

    /// The lines that are seen, without spaces at their ends.
    public func lines() throws -> [String] {
        try run(["capture-pane", "-p", "-t", "test"])
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Presses a key, by tmux's name for it.
    public func press(_ key: String) throws { try run(["send-keys", "-t", "test", key]) }

    /// Types a line and Enter.
    public func type(_ line: String) throws {
        try run(["send-keys", "-l", "-t", "test", line])
        try press("Enter")
    }

    public func resize(columns: Int, rows: Int) throws {
        try run(["resize-window", "-t", "test", "-x", "\(columns)", "-y", "\(rows)"])
    }

    /// Whether the screen is the one for programs, and whether there is a cursor.
    public func state() throws -> (isAlternate: Bool, hasCursor: Bool) {
        let text = try run(["display-message", "-p", "-t", "test", "#{alternate_on}#{cursor_flag}"])
        return (text.hasPrefix("1"), text.dropFirst().hasPrefix("1"))
    }

    /// The process of the shell.
    public func shell() throws -> pid_t {
        let text = try run(["display-message", "-p", "-t", "test", "#{pane_pid}"])
        guard let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw TestFailure("tmux says '\(text)'")
        }
        return pid
    }

    /// Waits until the screen is as expected.
    ///
    /// - Throws: `TestFailure`, with what is seen, when that takes longer.
    public func await(
        _ what: String, within seconds: Double = 10, _ isSeen: ([String]) -> Bool
    ) throws {
        var last: [String] = []
        let isThere = try eventually(within: seconds) {
            last = try lines()
            return isSeen(last)
        }
        guard !isThere else { return }
        throw TestFailure("not seen: \(what); on the screen:\n\(last.joined(separator: "\n"))")
    }
}
