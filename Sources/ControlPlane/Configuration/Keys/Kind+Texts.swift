// Kinds of texts: names, addresses, and what HTTP is made of.

internal import Protocols

extension Kind {
    /// A text that another reader understands, which says what is wrong in a sentence.
    static func text<Failure: Error>(
        _ expected: String, pattern: String,
        read: @escaping @Sendable (String) throws(Failure) -> Value,
        write: @escaping @Sendable (Value) -> String?
    ) -> Kind {
        .scalar(
            expected, .text(pattern: pattern),
            parse: { text throws(Complaint) in
                do throws(Failure) {
                    return try read(text)
                } catch {
                    let reason = "\(error)"
                    throw Complaint(reason.contains(text) ? reason : "'\(text)': \(reason)")
                }
            },
            write: { write($0).map { .text($0) } })
    }
}

extension Kind where Value == AddressText {
    /// Where to listen; port 0 is any free one.
    static var listenAddress: Kind { address("an address to listen on") }

    /// Where to connect to.
    static var endpointAddress: Kind { destination("an endpoint's address") }

    /// Where to connect to without asking anybody for an address.
    static var numericAddress: Kind {
        let kind = destination("a server's address")
        return Kind(
            expected: "a server's address: 1.2.3.4:port or [v6]:port", shape: kind.shape,
            read: { node, reading in
                guard let address = kind.read(node, &reading) else { return nil }
                guard address.isNumeric else {
                    reading.refuse(
                        node.place,
                        "\(node.description) is not numeric; expected 1.2.3.4:port or [v6]:port")
                    return nil
                }
                return address
            },
            write: kind.write)
    }

    private static func destination(_ what: String) -> Kind {
        let kind = address(what)
        return Kind(
            expected: kind.expected, shape: kind.shape,
            read: { node, reading in
                guard let address = kind.read(node, &reading) else { return nil }
                guard address.port != 0 else {
                    reading.refuse(
                        node.place, "\(node.description) has port 0; expected 1 to 65535")
                    return nil
                }
                return address
            },
            write: kind.write)
    }

    private static func address(_ what: String) -> Kind {
        .text(
            "\(what): host:port, :port, [v6]:port or unix:/path",
            pattern: #"^(unix:/.+|\[[0-9A-Fa-f:.%a-z]+\]:[0-9]{1,5}|[^:\[\]]*:[0-9]{1,5})$"#,
            read: { text throws(AddressTextError) in try AddressText(parsing: text) },
            write: { "\($0)" })
    }
}

extension AddressText {
    /// Whether it is an IP address with a port.
    fileprivate var isNumeric: Bool {
        switch self {
        case .host(let host, _): IPText.isIPv4(host[...].utf8)
        case .ipv6: true
        case .anyHost, .unix: false
        }
    }
}

extension Kind where Value == IPBlock {
    static var block: Kind {
        .text(
            "an address block, such as 10.0.0.0/8, fd00::/8 or one address",
            pattern: "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$",
            read: { text throws(IPBlockError) in try IPBlock(parsing: text) },
            write: { "\($0)" })
    }
}

extension Kind where Value == String {
    /// A text that fits a rule.
    ///
    /// - Parameters:
    ///   - pattern: the rule for readers of the schema.
    ///   - isFit: the rule.
    ///   - meant: what may have been meant by another text.
    ///   - change: how it is kept.
    private static func checked(
        _ expected: String, pattern: String, isSpacious: Bool = false,
        isFit: @escaping @Sendable (String) -> Bool,
        meant: @escaping @Sendable (String) -> String? = { _ in nil },
        change: @escaping @Sendable (String) -> String = { $0 }
    ) -> Kind {
        .scalar(
            expected, .text(pattern: pattern), isSpacious: isSpacious,
            parse: { text throws(Complaint) in
                guard isFit(text) else {
                    let shown = YAMLNode.text(text).description
                    throw Complaint(
                        "\(shown); expected \(expected)", hint: meant(text).map { "'\($0)'" })
                }
                return change(text)
            },
            write: { .text($0) })
    }

    /// What something of the site is called.
    static var name: Kind {
        checked(
            "a name of letters, digits, '.', '_' and '-', at most 63",
            pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
            isFit: { text in
                let first = text.utf8.first.map { !"._-".utf8.contains($0) } ?? false
                return first && text.utf8.count <= 63
                    && text.utf8.allSatisfy {
                        HTTPText.isAlphanumeric($0) || "._-".utf8.contains($0)
                    }
            })
    }

    /// An absolute path of a Unix socket.
    static var socketPath: Kind {
        checked(
            "an absolute path of at most \(AddressText.unixPathBytesMax) bytes",
            pattern: "^/.+$",
            isFit: { text in
                text.hasPrefix("/") && text.utf8.count <= AddressText.unixPathBytesMax
                    && text.utf8.count > 1 && !HTTPText.hasControl(text)
            },
            meant: { $0.hasPrefix("unix:/") ? String($0.dropFirst(5)) : nil })
    }

    /// A secret for a header field.
    static var token: Kind {
        checked(
            "a text without spaces, at most 1024 bytes", pattern: "^[!-~]*$", isSpacious: true,
            isFit: { $0.utf8.count <= 1024 && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
    }

    /// The host of a request, or all below one.
    static var hostPattern: Kind {
        checked(
            "a host such as example.org, *.example.org or an IP address, without a port",
            pattern: "^[^:/ ]+$|^\\[[0-9A-Fa-f:.]+\\]$",
            isFit: HTTPText.isHostPattern, meant: HTTPText.hostMeant,
            change: { $0.lowercased() })
    }

    /// A host that is written into requests.
    static var hostHeader: Kind {
        checked(
            "'client', 'upstream' or a host, maybe with a port", pattern: "^[^/ ]+$",
            isFit: { HTTPText.isAuthority(Substring($0)) }, meant: HTTPText.hostMeant)
    }

    /// A path to compare with, or to ask for.
    static var path: Kind {
        checked(
            "a path such as /api/, without wildcards, query or regular expressions",
            pattern: "^/[^?#*\\x00-\\x20]*$", isFit: HTTPText.isPath, meant: HTTPText.pathMeant)
    }

    static var pathPattern: Kind {
        checked(
            "a path whose segments may be '*' (one) and, at the end, '**' (the rest)",
            pattern: "^(/[^?#*/\\x00-\\x20]*|/\\*(?!\\*))*(/\\*\\*)?$",
            isFit: HTTPText.isPathPattern, meant: HTTPText.pathMeant)
    }

    /// A name in upper case.
    static var method: Kind {
        checked(
            "a method such as GET", pattern: "^[A-Z][A-Z_-]{0,31}$",
            isFit: { text in
                (1...32).contains(text.utf8.count)
                    && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || "-_".utf8.contains($0) }
            },
            meant: { text in
                let upper = text.uppercased()
                return HTTPText.methods.contains(upper) ? upper : nil
            })
    }

    /// The name of a field to look for; case does not matter.
    static var headerName: Kind {
        checked(
            "the name of a header field", pattern: "^[!#-'*+.^-z|~0-9A-Z-]{1,128}$",
            isFit: HTTPText.isToken, change: { $0.lowercased() })
    }

    /// The name of a field to write: none that tells how a message is framed or where it goes.
    static var writtenHeaderName: Kind {
        checked(
            "the name of a header field other than \(HTTPText.ownNames.joined(separator: ", "))",
            pattern: "^[!#-'*+.^-z|~0-9A-Z-]{1,128}$",
            isFit: { HTTPText.isToken($0) && !HTTPText.ownNames.contains($0.lowercased()) })
    }

    /// The name of a field that is Gyre's alone: none that means something else already.
    static var identityHeaderName: Kind {
        let taken = [
            "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "via",
            "traceparent", "tracestate", "expect", "authorization", "cookie", "date", "server",
            "content-type", "content-encoding", "max-forwards", "user-agent", "referer",
        ]
        return checked(
            "the name of a header field that has no other meaning, such as X-Request-ID",
            pattern: "^[!#-'*+.^-z|~0-9A-Z-]{1,128}$",
            isFit: { text in
                let name = text.lowercased()
                return HTTPText.isToken(text) && !HTTPText.ownNames.contains(name)
                    && !taken.contains(name)
            })
    }

    static var headerValue: Kind {
        .scalar(
            "the value of a header field", .anyText, isSpacious: true,
            parse: { text throws(Complaint) in
                guard HTTPText.isFieldValue(text) else {
                    throw Complaint(
                        "\(YAMLNode.text(text).description); expected a value on one line without"
                            + " spaces around it, at most 4096 bytes")
                }
                return text
            },
            write: { .text($0) })
    }

    static var cookieName: Kind {
        checked(
            "the name of a cookie", pattern: "^[!#-'*+.^-z|~0-9A-Z-]{1,128}$",
            isFit: HTTPText.isToken)
    }

    static var redirectPlace: Kind {
        checked(
            "https://host, maybe with a path, or a path", pattern: "^(https?://[^ ]+|/[^ ]*)$",
            isFit: HTTPText.isRedirectPlace,
            meant: { text in
                HTTPText.isAuthority(text.prefix { $0 != "/" }) ? "https://\(text)" : nil
            })
    }

    static var body: Kind {
        .scalar(
            "a text of at most 64 KiB", .anyText, isSpacious: true,
            parse: { text throws(Complaint) in
                guard text.utf8.count <= 65_536 else {
                    throw Complaint("a text of \(text.utf8.count) bytes; expected at most 65536")
                }
                return text
            },
            write: { .text($0) })
    }

    static var serviceName: Kind {
        checked(
            "the name of SRV records, such as _http._tcp.example.org",
            pattern: #"^_[^.]+\._[^.]+\..+$"#,
            isFit: { text in
                let labels = text.split(separator: ".", omittingEmptySubsequences: false)
                return labels.count > 2 && labels[0].hasPrefix("_") && labels[1].hasPrefix("_")
                    && IPText.isHostName(Substring(text).utf8)
            })
    }
}
