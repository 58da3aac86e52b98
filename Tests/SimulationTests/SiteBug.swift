// Bugs planted into what surrounds the worker of a simulated run: as if the worker did wrong what
// it is told to do.

/// Each makes runs fail that pass without it.
enum SiteBug: String, CaseIterable, Sendable {
    /// A snapshot that was replaced is still held by somebody.
    case keepsSnapshot
    /// A change is not made.
    case losesChange
    /// One connection more than may be.
    case exceedsLimit
    /// What is posted says that it is the first state.
    case servesOldState
    /// Endpoints that are out of service are used like others.
    case usesEjected

    /// What the verdict says of it.
    var words: String {
        switch self {
        case .keepsSnapshot: "is held"
        case .losesChange: "changes were made of"
        case .exceedsLimit: "connections of at most"
        case .servesOldState: "by state 0"
        case .usesEjected: "is ejected and was chosen"
        }
    }
}
