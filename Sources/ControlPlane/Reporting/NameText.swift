// What happens to names, as the log has it: one line for each.

internal import DataPlane

/// A name that has other addresses than before.
struct NameChange: Equatable, Sendable {
    let question: NameQuestion
    let before: [NamedAddress]
    let after: [NamedAddress]

    /// Addresses that a line names of each kind.
    private static let shownMax = 8

    /// One line.
    var text: String {
        let old = Set(before.map(\.address))
        let new = Set(after.map(\.address))
        let parts = [
            Self.list("new", after.map(\.address).filter { !old.contains($0) }),
            Self.list("gone", before.map(\.address).filter { !new.contains($0) }),
        ].compactMap(\.self)
        let what = parts.isEmpty ? "other weights" : parts.joined(separator: "; ")
        let count = "\(after.count) address\(after.count == 1 ? "" : "es")"
        return "\(question) has \(count) now: \(what)"
    }

    private static func list(_ title: String, _ addresses: [SocketAddress]) -> String? {
        guard !addresses.isEmpty else { return nil }
        let shown = addresses.prefix(shownMax).map { "\($0)" }.joined(separator: ", ")
        let more = addresses.count > shownMax ? " and \(addresses.count - shownMax) more" : ""
        return "\(title) \(shown)\(more)"
    }
}

extension NameNews.Trouble {
    /// One line.
    func text(of question: NameQuestion) -> String {
        switch self {
        case .began(let reason):
            "cannot resolve \(question): \(reason); its last addresses stay"
        case .ended: "\(question) is resolved again"
        }
    }
}
