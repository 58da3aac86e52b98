// A request to the admin address, taken out of its bytes.

package import Protocols

/// A request with what the admin server looks at.
package struct AdminRequest: Equatable, Sendable {
    package var method: Method
    /// Of the target, without the query.
    package var path: String
    /// Without the question mark; empty when there is none.
    package var query = ""
    /// The host that is meant, maybe with a port; empty when HTTP/1.0 names none.
    package var host = ""
    /// `nil` without the field. Given twice, both values: no such value is right.
    package var authorization: String?
    package var origin: String?
    package var accept: String?
    /// Whether the client may send another request behind this one.
    package var isPersistent = true
    package var body: [UInt8] = []

    /// A request without a body, as it is when its head was read.
    package init(_ method: Method, _ path: String) {
        self.method = method
        self.path = path
    }

    /// - Parameters:
    ///   - head: complete.
    ///   - bytes: that it was read from.
    init(_ head: borrowing RequestHead, _ bytes: [UInt8]) {
        let target = Self.text(head.originTarget, bytes)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        method = head.method
        path = String(parts.first ?? "")
        query = parts.count > 1 ? String(parts[1]) : ""
        host = Self.text(head.authority, bytes)
        // HTTP/1.0 clients that ask for it would have to be told so.
        isPersistent = head.isPersistent && head.version == .http11
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            switch Self.text(field.name, bytes).lowercased() {
            case "authorization": Self.join(&authorization, Self.text(field.value, bytes))
            case "accept": Self.join(&accept, Self.text(field.value, bytes))
            case "origin": Self.join(&origin, Self.text(field.value, bytes))
            default: break
            }
        }
    }

    private static func join(_ value: inout String?, _ text: String) {
        value = value.map { $0 + ", " + text } ?? text
    }

    private static func text(_ range: ByteRange, _ bytes: [UInt8]) -> String {
        String(decoding: bytes[Int(range.start)..<range.end], as: UTF8.self)
    }
}
