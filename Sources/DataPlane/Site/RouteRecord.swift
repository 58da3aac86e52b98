// Routes as the data path reads them.

/// A route's part of a snapshot.
struct RouteRecord: BitwiseCopyable, Sendable {
    enum Kind: UInt8, BitwiseCopyable {
        case forward, redirect, respond
    }

    enum PathChange: UInt8, BitwiseCopyable {
        case none
        /// All of the path is replaced.
        case whole
        /// Its first `fixedBytes` are.
        case beginning
    }

    var kind: Kind
    /// As metrics count it.
    var id = MetricLimits.otherRoutes
    var isLogged = true
    var pathChange = PathChange.none
    /// What the Host field says; `name` is in `text`.
    var host = HostPolicy.client
    var hasHostName = false
    /// Of a redirect: whether path and query of the request come behind it.
    var keepsPath = false
    /// Of an answer.
    var status: UInt16 = 0
    /// Position of the upstream; none of an answer.
    var upstream = UInt32.max
    var fixedBytes: UInt32 = 0
    var responseMs: UInt64 = 0
    var silenceMs: UInt64 = 0
    /// Of requests that are handed on.
    var retries = RetryPolicy()
    /// The new path, the place of a redirect, the body of an answer.
    var text = TablePart.empty
    var hostName = TablePart.empty
    var requestFields = FieldChangesRecord()
    /// Of a response that is handed on, or of an answer.
    var responseFields = FieldChangesRecord()

    init(_ kind: Kind) {
        self.kind = kind
    }
}

/// Changes of fields in a snapshot.
struct FieldChangesRecord: BitwiseCopyable, Sendable {
    /// Those left out that have a known name.
    var known: FieldNames = []
    /// Other names of fields that are left out, in lower case, in the table of names.
    var names = TablePart.empty
    /// Lines to be added, in the text.
    var lines = TablePart.empty
}
