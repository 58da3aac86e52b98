// The environment that this process was started with.

internal import CLinux

/// Environment variables.
package enum ProcessEnvironment {
    /// By their names; of several with the same name the first, as getenv(3) has it.
    package static func read() -> [String: String] {
        var variables: [String: String] = [:]
        var index = 0
        while let entry = unsafe gyre_environment(index) {
            let parts = unsafe String(cString: entry).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                let name = String(parts[0])
                variables[name] = variables[name] ?? String(parts[1])
            }
            index += 1
        }
        return variables
    }
}
