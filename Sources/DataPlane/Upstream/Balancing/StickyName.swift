// What a cookie says to lead a client back to its endpoint.

/// The name of an endpoint in sticky cookies: a hash of its key, so it stays good over reloads,
/// restarts and from one instance of Gyre to another. Written by `HeadWriter.appendHex`. It does
/// not show the address, but who guesses an address can check the guess.
package enum StickyName {
    /// Digits of pi, the next ones.
    private static var seeds: (UInt64, UInt64) { (0xC0AC_29B7_C97C_50DD, 0x3F84_D5B5_B547_0917) }

    /// - Parameter key: `BalancerPlan.Member.key`.
    package static func of(_ key: [UInt8]) -> UInt64 {
        SipHash.hash(key.span, 0..<key.count, seeds: seeds)
    }
}
