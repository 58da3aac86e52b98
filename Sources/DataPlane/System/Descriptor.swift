// A file descriptor as its own type, so that it cannot be mistaken for a slot or a length.

/// An open file descriptor. Whoever holds it owns it; nothing closes it implicitly.
package struct Descriptor: Equatable, Sendable, BitwiseCopyable {
    /// The kernel's number for it; negative when there is none.
    package let raw: Int32

    package init(raw: Int32) {
        self.raw = raw
    }

    /// No descriptor.
    package static let none = Descriptor(raw: -1)

    package var isOpen: Bool { raw >= 0 }
}
