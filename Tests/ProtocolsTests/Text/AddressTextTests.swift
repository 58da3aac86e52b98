// Addresses: every accepted form, and every malformed one with the reason it must be given.

import Protocols
import Testing

@Suite struct AddressTextTests {
    static let accepted: [(String, AddressText)] = [
        ("127.0.0.1:8080", .host("127.0.0.1", port: 8080)),
        ("0.0.0.0:0", .host("0.0.0.0", port: 0)),
        ("255.255.255.255:65535", .host("255.255.255.255", port: 65535)),
        ("localhost:80", .host("localhost", port: 80)),
        ("a:1", .host("a", port: 1)),
        ("db_1.internal-net:5432", .host("db_1.internal-net", port: 5432)),
        ("example.test.:443", .host("example.test.", port: 443)),
        ("1and1.test:80", .host("1and1.test", port: 80)),
        ("0x7f:80", .host("0x7f", port: 80)),
        (":8080", .anyHost(port: 8080)),
        (":0", .anyHost(port: 0)),
        ("[::1]:8080", .ipv6("::1", port: 8080)),
        ("[::]:80", .ipv6("::", port: 80)),
        ("[2001:db8::7]:443", .ipv6("2001:db8::7", port: 443)),
        ("[1:2:3:4:5:6:7:8]:1", .ipv6("1:2:3:4:5:6:7:8", port: 1)),
        ("[1:2:3:4:5:6:7::]:1", .ipv6("1:2:3:4:5:6:7::", port: 1)),
        ("[::FFFF:192.0.2.1]:9", .ipv6("::FFFF:192.0.2.1", port: 9)),
        ("[1:2:3:4:5:6:192.0.2.1]:9", .ipv6("1:2:3:4:5:6:192.0.2.1", port: 9)),
        ("[fe80::1%eth0.5]:80", .ipv6("fe80::1%eth0.5", port: 80)),
        ("unix:/run/gyre.sock", .unix(path: "/run/gyre.sock")),
        ("unix:/a:b", .unix(path: "/a:b")),
        ("unix:/ümlaut dir/s", .unix(path: "/ümlaut dir/s")),
    ]

    @Test(arguments: accepted)
    func acceptsAndPrintsBack(text: String, expected: AddressText) throws {
        let parsed = try AddressText(parsing: text)
        #expect(parsed == expected)
        #expect(parsed.description == text)
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1:8080"), ("db.internal:5432", "db.internal:5432"),
        ("db.internal:80", "db.internal"), ("db.internal:443", "db.internal:443"),
        (":9000", "127.0.0.1:9000"), (":80", "127.0.0.1"), ("[::1]:9000", "[::1]:9000"),
        ("[::1]:80", "[::1]"), ("[fe80::1%eth0]:81", "[fe80::1]:81"),
        ("unix:/run/app.sock", "localhost"),
    ])
    func aHostFieldNamesIt(text: String, authority: String) throws {
        #expect(try AddressText(parsing: text).authority == authority)
    }

    static let refused: [(String, AddressTextError)] = [
        ("", .empty),
        ("8080", .portMissing),
        ("localhost", .portMissing),
        ("localhost:", .portMissing),
        (":", .portMissing),
        ("[::1]", .portMissing),
        ("[::1]:", .portMissing),
        ("[::1]8080", .portMissing),
        ("[::1] :80", .portMissing),
        ("localhost:http", .notPort("http")),
        ("localhost:65536", .notPort("65536")),
        ("localhost:99999999999999999999999", .notPort("99999999999999999999999")),
        ("localhost:-1", .notPort("-1")),
        ("localhost:+80", .notPort("+80")),
        ("localhost:080", .notPort("080")),
        ("localhost:00", .notPort("00")),
        ("localhost:80 ", .notPort("80 ")),
        ("localhost: 80", .notPort(" 80")),
        ("localhost:8\u{0660}", .notPort("8\u{0660}")),
        ("[::1]:x", .notPort("x")),
        ("[::1]:1:2", .notPort("1:2")),
        ("::1", .tooManyColons),
        ("::1:8080", .tooManyColons),
        ("a:b:80", .tooManyColons),
        ("tcp://localhost:80", .tooManyColons),
        ("[::1:8080", .bracketNotClosed),
        ("[", .bracketNotClosed),
        ("[]:80", .notIPv6("")),
        ("[localhost]:80", .notIPv6("localhost")),
        ("[127.0.0.1]:80", .notIPv6("127.0.0.1")),
        ("[1:2:3:4:5:6:7]:80", .notIPv6("1:2:3:4:5:6:7")),
        ("[1:2:3:4:5:6:7:8:9]:80", .notIPv6("1:2:3:4:5:6:7:8:9")),
        ("[1:2:3:4:5:6:7:8::]:80", .notIPv6("1:2:3:4:5:6:7:8::")),
        ("[1:2:3:4:5:6:7:1.2.3.4]:80", .notIPv6("1:2:3:4:5:6:7:1.2.3.4")),
        ("[1::2::3]:80", .notIPv6("1::2::3")),
        ("[:::]:80", .notIPv6(":::")),
        ("[:1]:80", .notIPv6(":1")),
        ("[1:]:80", .notIPv6("1:")),
        ("[::12345]:80", .notIPv6("::12345")),
        ("[::g]:80", .notIPv6("::g")),
        ("[::1.2.3]:80", .notIPv6("::1.2.3")),
        ("[1.2.3.4::]:80", .notIPv6("1.2.3.4::")),
        ("[::1%]:80", .notIPv6("::1%")),
        ("[::1%a%b]:80", .notIPv6("::1%a%b")),
        ("[::1%sixteen-bytes-16]:80", .notIPv6("::1%sixteen-bytes-16")),
        ("127.1:80", .notIPv4("127.1")),
        ("1.2.3.4.5:80", .notIPv4("1.2.3.4.5")),
        ("1.2.3.256:80", .notIPv4("1.2.3.256")),
        ("010.0.0.1:80", .notIPv4("010.0.0.1")),
        ("1.2.3.4.:80", .notIPv4("1.2.3.4.")),
        ("1..2.3:80", .notIPv4("1..2.3")),
        ("2130706433:80", .notIPv4("2130706433")),
        ("-a:80", .notHostName("-a")),
        ("a-:80", .notHostName("a-")),
        ("a..b:80", .notHostName("a..b")),
        (".a:80", .notHostName(".a")),
        (".:80", .notHostName(".")),
        ("a b:80", .notHostName("a b")),
        (" a:80", .notHostName(" a")),
        ("a/b:80", .notHostName("a/b")),
        ("*:80", .notHostName("*")),
        ("bücher.test:80", .notHostName("bücher.test")),
        ("unix:", .pathNotAbsolute),
        ("unix:/", .pathNotAbsolute),
        ("unix:gyre.sock", .pathNotAbsolute),
        ("unix:@abstract", .pathNotAbsolute),
        ("unix:80", .pathNotAbsolute),
        ("unix:/a\0b", .pathHasControl),
        ("unix:/a\nb", .pathHasControl),
        ("unix:/a\u{7F}", .pathHasControl),
    ]

    @Test(arguments: refused)
    func refusesWithTheReason(text: String, reason: AddressTextError) {
        #expect(throws: reason) { try AddressText(parsing: text) }
    }

    @Test func limitsAreExact() throws {
        let label = String(repeating: "a", count: 63)
        #expect(try AddressText(parsing: label + ":1").port == 1)
        #expect(throws: AddressTextError.notHostName(label + "a")) {
            try AddressText(parsing: label + "a:1")
        }
        let name = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
        #expect(name.utf8.count == 253)
        #expect(try AddressText(parsing: name + ":1").port == 1)
        #expect(try AddressText(parsing: name + ".:1").port == 1)
        #expect(throws: AddressTextError.notHostName(name + "b")) {
            try AddressText(parsing: name + "b:1")
        }
        let path = "/" + String(repeating: "p", count: 106)
        #expect(try AddressText(parsing: "unix:" + path) == .unix(path: path))
        #expect(throws: AddressTextError.pathTooLong(108)) {
            try AddressText(parsing: "unix:" + path + "p")
        }
    }

    @Test func everyReasonIsOneSentenceOfItsOwn() {
        let reasons = Self.refused.map(\.1) + [.pathTooLong(108)]
        let sentences = Set(reasons.map { "\($0)".replacing(/'[^']*'/, with: "") })
        #expect(sentences.count == 11)
        #expect(sentences.allSatisfy { !$0.contains("\n") && !$0.isEmpty })
    }
}
