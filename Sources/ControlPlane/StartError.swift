// The one way in which a command can fail by itself: a line for the operator.

/// Why Gyre cannot start or go on: what, where and why, in one line.
package struct StartError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The line, without a full stop or a newline.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
