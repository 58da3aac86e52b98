// What is wrong with a configuration, and where.

/// One mistake. Its line is `file:line:column: what was read; what was expected; did you mean X`.
package struct Mistake: Error, Hashable, Sendable {
    package let place: TextPlace
    /// What was read and what was expected.
    package let text: String
    /// What may have been meant.
    package let hint: String?

    init(_ place: TextPlace, _ text: String, hint: String? = nil) {
        self.place = place
        self.text = text
        self.hint = hint
    }

    /// The line, without a newline.
    package func line(file: String) -> String {
        "\(file):\(place.line):\(place.column): \(message)"
    }

    /// What follows the place.
    package var message: String {
        text + (hint.map { "; did you mean \($0)?" } ?? "")
    }
}

/// What is wrong with a scalar, by itself.
struct Complaint: Error {
    let text: String
    let hint: String?

    init(_ text: String, hint: String? = nil) {
        self.text = text
        self.hint = hint
    }
}
