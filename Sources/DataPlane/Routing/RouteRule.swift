// What an operator says of a route's requests: hosts, path, methods, fields. Values as they are
// read from a configuration, checked one by one when they are made, compared and kept off the data
// path. `RouteIndex` is made of them.

internal import Protocols

/// Which requests a route takes: those that fit everything said here.
package struct RouteRule: Sendable, Equatable {
    /// Any of these; none for every host, and for requests without one.
    package var hosts: [RouteHost]
    package var path: RoutePath
    /// Any of these; none for every method.
    package var methods: [RouteMethod]
    /// All of these.
    package var fields: [FieldCondition]

    package init(
        hosts: [RouteHost] = [], path: RoutePath = .any, methods: [RouteMethod] = [],
        fields: [FieldCondition] = []
    ) {
        self.hosts = hosts
        self.path = path
        self.methods = methods
        self.fields = fields
    }
}

/// A method's name, which is case-sensitive (RFC 9110 section 9.1). It need not be a known one.
package struct RouteMethod: Sendable, Hashable {
    /// Longer ones are refused when they come in a request.
    static let bytesMax = 32

    let name: [UInt8]

    /// - Throws: when it cannot be a method.
    package init(parsing text: String) throws(RouteError) {
        name = Array(text.utf8)
        guard name.isToken, name.count <= Self.bytesMax else { throw .notMethod(text) }
    }
}

/// What the value of a field has to be.
package enum FieldTest: Sendable, Hashable {
    /// Some field of the name has this value; case matters.
    case equals(String)
    /// Some field of the name has a value that begins so; case matters.
    case prefix(String)
    /// There is a field of the name, maybe empty.
    case present
    /// There is none.
    case absent
}

/// What a request's fields have to be like. Each field line is looked at by itself.
package struct FieldCondition: Sendable, Hashable {
    static let nameBytesMax = 256
    static let valueBytesMax = 4096

    /// In lower case.
    let name: [UInt8]
    let test: FieldTest

    /// - Parameter name: in any case.
    /// - Throws: when there can be no such field.
    package init(name: String, _ test: FieldTest) throws(RouteError) {
        self.name = name.utf8.map(ASCII.lowered)
        self.test = test
        guard self.name.isToken, self.name.count <= Self.nameBytesMax else {
            throw .notFieldName(name)
        }
        switch test {
        case .equals(let value), .prefix(let value):
            let bytes = Array(value.utf8)
            let isValue = bytes.allSatisfy { ByteClass.isIn(ByteClass.value, $0) }
            // Values are compared without the white space around them; a prefix may end in some.
            let isTrimmed =
                bytes.first.map(Self.isBlank) != true
                && (test != .equals(value) || bytes.last.map(Self.isBlank) != true)
            guard isValue, isTrimmed, bytes.count <= Self.valueBytesMax else {
                throw .notFieldValue(value)
            }
        case .present, .absent: break
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

extension [UInt8] {
    /// A token of RFC 9110 section 5.6.2.
    fileprivate var isToken: Bool {
        !isEmpty && allSatisfy { ByteClass.isIn(ByteClass.token, $0) }
    }
}
