// PROXY headers as bytes, written by hand: who sends them here is no part of what is tested.

import IntegrationSupport
import Testing

extension Integration {
    @Suite struct ProxyProtocol {
        /// Beginnings that say that the client is 203.0.113.7, port 7, connected to port 80 of
        /// 198.51.100.2.
        static let headers: [[UInt8]] = [
            Array("PROXY TCP4 203.0.113.7 198.51.100.2 7 80\r\n".utf8),
            binary(0x21, 0x11, [203, 0, 113, 7, 198, 51, 100, 2, 0, 7, 0, 80]),
        ]

        /// Beginnings that say nothing of the client, so that it is who is connected.
        static let silent: [[UInt8]] = [
            Array("PROXY UNKNOWN\r\n".utf8), binary(0x20, 0, []), binary(0x21, 0, []),
        ]

        /// What is no header, with the reason that the log has.
        static let malformed: [(bytes: [UInt8], reason: String)] = [
            (Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), "no PROXY header"),
            (Array("PROXY TCP4 203.0.113.7 198.51.100.2 7 99999\r\n".utf8), "malformed port"),
            (Array("PROXY UNKNOWN\n".utf8), "CR or LF alone"),
            (binary(0x31, 0x11, []), "unsupported version"),
            (binary(0x21, 0x11, [1, 2, 3]), "addresses longer than the header"),
        ]

        /// A header of version 2.
        static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
            Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [command, family]
                + [UInt8(rest.count >> 8), UInt8(rest.count & 255)] + rest
        }

        /// What is accepted from whom on loopback.
        static let acceptsAll = ["--accept-proxy-from", "127.0.0.0/8"]

        /// Where sockets can be asked for their addresses.
        static let routes = Route.all.filter { $0.backend != .direct }
    }
}
