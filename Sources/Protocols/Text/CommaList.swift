// Lists as an operator writes them: items separated by commas, without spaces or empty items.

/// Reads lists.
package enum CommaList {
    /// Splits `a,b,c`.
    ///
    /// - Returns: the items in order, at least one, none empty.
    /// - Throws: when an item is empty (also: the whole text, a leading or a trailing comma).
    package static func items(_ text: String) throws(CommaListError) -> [Substring] {
        guard !text.isEmpty else { throw .empty }
        let items = text.split(separator: ",", omittingEmptySubsequences: false)
        guard !items.contains(where: \.isEmpty) else { throw .emptyItem }
        return items
    }
}

/// Why a text is not a list.
package enum CommaListError: Error, Equatable, Sendable {
    case empty
    case emptyItem
}

extension CommaListError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the list is empty"
        case .emptyItem: "the list has an empty item; expected items separated by single commas"
        }
    }
}
