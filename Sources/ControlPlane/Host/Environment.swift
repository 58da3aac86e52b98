// Variables of the process's environment.

internal import Glibc

/// The environment, read when asked.
package enum Environment {
    /// The value of a variable; `nil` when it is missing or empty.
    package static func value(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
