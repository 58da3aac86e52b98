// The kernel's errors as a plain value: on the data path results stay negative numbers, and this
// type appears where set-up code throws or a message is written.

internal import CLinux

/// An errno value.
package struct SystemError: Error, Equatable, Sendable {
    /// The positive errno value.
    package let code: Int32

    package init(code: Int32) {
        self.code = code
    }

    /// The symbolic name, for example `ECONNREFUSED`.
    package var name: String { unsafe String(cString: gyre_error_name(code)) }

    /// The C library's sentence for it, for example `Connection refused`.
    package var text: String { unsafe String(cString: gyre_error_text(code)) }

    /// Turns a "result or negative errno" into a value or a thrown error.
    ///
    /// - Parameter result: what a system call or a completion returned.
    /// - Returns: `result` when it is not negative.
    @discardableResult
    package static func check(_ result: Int32) throws(SystemError) -> Int32 {
        guard result >= 0 else { throw SystemError(code: -result) }
        return result
    }
}

extension SystemError: CustomStringConvertible {
    package var description: String { "\(text) (\(name))" }
}
