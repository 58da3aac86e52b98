// What is asked of an endpoint and how often: plain values from the configuration, and the rules
// that need no socket.

package import DataPlane

/// How endpoints of an upstream are checked.
package struct HealthCheck: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// A connection that can be made is enough.
        case tcp
        /// A GET whose answer has one of the statuses. The path begins with `/` and is visible
        /// ASCII; a host is what the Host field says instead of the endpoint's own name.
        case http(path: String, host: String?, statuses: [ClosedRange<UInt16>])
    }

    package let kind: Kind
    /// From the beginning of a check to the next one.
    package let intervalMs: UInt64
    /// Each interval is longer or shorter by up to so much of it, so that the checks of many
    /// endpoints, and of many instances of Gyre, do not come together. 0 to 100.
    package let jitterPercent: UInt64
    /// For a whole check, from the connection to the head of the answer.
    package let timeoutMs: UInt64
    /// Passed checks in a row that bring an endpoint up, failed ones that take it down.
    package let rise: Int
    package let fall: Int

    /// - Parameters: see the properties; values outside their ranges are moved into them.
    package init(
        _ kind: Kind, intervalMs: UInt64, jitterPercent: UInt64, timeoutMs: UInt64, rise: Int,
        fall: Int
    ) {
        self.kind = kind
        self.intervalMs = max(intervalMs, 1)
        self.jitterPercent = min(jitterPercent, 100)
        self.timeoutMs = max(timeoutMs, 1)
        self.rise = max(rise, 1)
        self.fall = max(fall, 1)
    }

    /// The time from one check to the next.
    func nextIntervalMs(using random: inout some RandomNumberGenerator) -> UInt64 {
        let (product, isTooLarge) = intervalMs.multipliedReportingOverflow(by: jitterPercent)
        let spreadMs = isTooLarge ? intervalMs : product / 100
        return max(intervalMs - spreadMs + UInt64.random(in: 0...2 * spreadMs, using: &random), 1)
    }
}

/// An endpoint to be checked.
package struct HealthTarget: Sendable {
    package let endpoint: UInt32
    package let address: AddressReference
    /// What the Host field says unless the check has another.
    package let host: String
    /// Bytes that go first on each connection: a header of the PROXY protocol.
    package let preamble: [UInt8]
    package let check: HealthCheck

    package init(
        endpoint: UInt32, address: AddressReference, host: String, preamble: [UInt8] = [],
        check: HealthCheck
    ) {
        self.endpoint = endpoint
        self.address = address
        self.host = host
        self.preamble = preamble
        self.check = check
    }

    /// What is sent once there is a connection.
    var request: [UInt8] {
        guard case .http(let path, let other, _) = check.kind else { return preamble }
        let head = """
            GET \(path) HTTP/1.1\r
            Host: \(other ?? host)\r
            User-Agent: gyre\r
            Accept: */*\r
            Connection: close\r
            \r\n
            """
        return preamble + Array(head.utf8)
    }
}

/// How a check came out.
enum CheckOutcome: Equatable, Sendable {
    case passed
    case failed(HealthCause, code: Int32)
    /// This machine had no descriptor or port to check with: nothing is known.
    case skipped
}
