// The PROXY protocol, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt, revision of 2020/03/05):
// what a proxy sends ahead of a connection's own bytes to say whose connection it is. Pure
// functions; who is believed is for the engines to say.

/// The form that a header is written in.
package enum ProxyVersion: String, CaseIterable, Sendable, BitwiseCopyable {
    /// A line of text.
    case v1
    /// Binary.
    case v2
}

/// The two ends of a proxied TCP connection, as its first proxy saw them.
package struct ProxyAddresses: BitwiseCopyable, Equatable, Sendable {
    package var source: IPBytes
    package var destination: IPBytes
    package var sourcePort: UInt16
    package var destinationPort: UInt16

    package init(
        source: IPBytes, destination: IPBytes, sourcePort: UInt16, destinationPort: UInt16
    ) {
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }
}

/// A header that was read to its end.
package struct ProxyHeader: BitwiseCopyable, Equatable, Sendable {
    /// Bytes of a header of version 2 that are read, with its 16 fixed ones. The format allows for
    /// 65,551; nginx reads as many as here, and certificates' names are far from it.
    package static let bytesMax = 4096

    /// The header's bytes: the connection's own begin behind them.
    package let length: Int
    /// What it says; `nil` when the connection stands for itself: it is the proxy's own (LOCAL), or
    /// came in a way that has no IP addresses.
    package let addresses: ProxyAddresses?

    package init(length: Int, addresses: ProxyAddresses?) {
        self.length = length
        self.addresses = addresses
    }
}

/// The outcome of one look at the beginning of a connection.
package enum ProxyVerdict: BitwiseCopyable, Equatable, Sendable {
    case complete(ProxyHeader)
    /// More bytes are needed.
    case incomplete
    /// More bytes would not change that.
    case refused(ProxyRefusal)
}

extension ProxyHeader {
    /// Looks for a header of either version.
    ///
    /// - Parameter bytes: everything that has come of the connection, from its first byte on. A
    ///   refusal comes with the first byte that cannot be one of a header's.
    package static func parse(_ bytes: Span<UInt8>) -> ProxyVerdict {
        guard !bytes.isEmpty else { return .incomplete }
        do throws(ProxyRefusal) {
            let isBinary = bytes[0] == ASCII.carriageReturn
            let header = isBinary ? try readBinary(bytes) : try readText(bytes)
            return header.map { .complete($0) } ?? .incomplete
        } catch {
            return .refused(error)
        }
    }
}
