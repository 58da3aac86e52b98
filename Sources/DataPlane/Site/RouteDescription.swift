// What becomes of the requests that a route takes, as plain values.

/// Which requests, and what is done with them.
package struct Route: Sendable {
    /// By which its requests are counted; `MetricLimits.otherRoutes` for one that has none of its
    /// own.
    package var id = MetricLimits.otherRoutes
    /// Whether its requests are told to the access log, where their listener's are.
    package var isLogged = true
    package var rule: RouteRule
    package var action: RouteAction

    package init(_ rule: RouteRule, _ action: RouteAction) {
        self.rule = rule
        self.action = action
    }

    /// Takes every request.
    package init(_ action: RouteAction) {
        self.init(RouteRule(), action)
    }
}

/// What is done with a request.
package enum RouteAction: Sendable {
    case forward(ForwardAction)
    case redirect(RedirectAction)
    case respond(RespondAction)
}

/// Hands a request on to an upstream.
package struct ForwardAction: Sendable {
    /// Position in the description.
    package var upstream: Int
    package var path: PathRewrite?
    /// `nil`: as the upstream has it.
    package var host: HostRewrite?
    package var requestFields = FieldChanges()
    package var responseFields = FieldChanges()
    /// In place of the upstream's, in milliseconds.
    package var responseMs: UInt64?
    package var silenceMs: UInt64?
    /// In place of the upstream's, all of them.
    package var retries: RetryPolicy?

    package init(upstream: Int) {
        self.upstream = upstream
    }
}

/// What the Host field of a request says in place of what it would say.
package enum HostRewrite: Sendable, Equatable {
    case client
    case upstream
    /// A host, maybe with a port.
    case name(String)
}

/// Sends the client somewhere else.
package struct RedirectAction: Sendable {
    /// 301, 302, 303, 307 or 308.
    package var status: UInt16
    package var place: RedirectPlace
    /// Whether path and query of the request are put behind the place, which must be able to.
    package var keepsPath: Bool

    package init(status: UInt16, to place: RedirectPlace, keepsPath: Bool) {
        self.status = status
        self.place = place
        self.keepsPath = keepsPath
    }
}

/// Answers without asking anybody.
package struct RespondAction: Sendable {
    /// Bytes that fields and body may have together.
    package static let bytesMax = 65_536 + 16_384

    /// 200 to 599.
    package var status: UInt16
    package var fields: [FieldLine]
    /// Empty with a status that has no content: 204, 205 and 304.
    package var body: [UInt8]

    package init(status: UInt16, fields: [FieldLine], body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// A field to be written: a token and a value without control characters.
package struct FieldLine: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    var bytes: [UInt8] { Array("\(name): \(value)\r\n".utf8) }
}

/// What is changed among the fields of a message. Fields of framing and of one connection only are
/// not changed by this.
package struct FieldChanges: Sendable, Equatable {
    /// Bytes that added fields may have together in one direction.
    package static let bytesMax = 16_384

    /// Names of fields that are left out, in any case.
    package var dropped: [String] = []
    /// Fields that are put behind the others.
    package var added: [FieldLine] = []

    package init() {}
}
