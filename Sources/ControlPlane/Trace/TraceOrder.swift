// What somebody asks to watch, as `GET /v1/trace` has it in its query: `client=BLOCK`, or
// `route=NAME`, maybe with `listener=NAME`.

internal import FoundationEssentials
package import Protocols

/// The subject of a trace by its names.
package enum TraceOrder: Equatable, Sendable {
    case client(IPBlock)
    /// - Parameter listener: `nil` where there is only one route of that name.
    case route(String, listener: String?)

    /// Reads a query.
    ///
    /// - Throws: what is wrong with it, one line.
    package init(query: String) throws(TraceRefusal) {
        var values: [String: String] = [:]
        for item in URLComponents(string: "?\(query)")?.queryItems ?? [] {
            guard values.updateValue(item.value ?? "", forKey: item.name) == nil else {
                throw TraceRefusal(status: 400, reason: "'\(item.name)' is given twice")
            }
        }
        let unknown = values.keys.first { !["client", "route", "listener"].contains($0) }
        if let client = values["client"], values.count == 1 {
            do throws(IPBlockError) {
                self = .client(try IPBlock(parsing: client))
                return
            } catch {
                throw TraceRefusal(status: 400, reason: error.description)
            }
        }
        guard let route = values["route"], values["client"] == nil, unknown == nil else {
            throw TraceRefusal(
                status: 400,
                reason: "expected client=ADDRESS, or route=NAME and maybe listener=NAME")
        }
        self = .route(route, listener: values["listener"])
    }

    /// As a query that reads to this.
    package var query: String {
        var components = URLComponents()
        switch self {
        case .client(let block):
            components.queryItems = [URLQueryItem(name: "client", value: "\(block)")]
        case .route(let route, let listener):
            components.queryItems = [URLQueryItem(name: "route", value: route)]
            if let listener {
                components.queryItems?.append(URLQueryItem(name: "listener", value: listener))
            }
        }
        // A plus would be read as a space by some.
        return (components.percentEncodedQuery ?? "").replacing("+", with: "%2B")
    }
}

/// Why nothing is traced.
package struct TraceRefusal: Error, Equatable, Sendable {
    /// Of HTTP.
    let status: UInt16
    /// One line.
    let reason: String
}
