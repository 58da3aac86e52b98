// What both engines need for PROXY headers: whose are read, and how they are put ahead of a
// connection's bytes.

package import Protocols

/// Who has to begin a connection with a PROXY header. Anybody else is served as he is: his bytes
/// are never taken for one.
package struct ProxyAcceptance: Sendable {
    /// Where those who send one are; empty when nobody does.
    package var from: [IPBlock] = []
    /// How long a header may take from accepting, in milliseconds, positive.
    package var timeoutMs: UInt64 = 5_000

    package init() {}
}

extension BufferChain {
    /// Puts a PROXY header ahead of the bytes.
    ///
    /// - Parameter addresses: see `HeadWriter.appendProxyHeader`.
    /// - Returns: false when no buffer is free; then nothing is changed.
    mutating func prepend(
        _ version: ProxyVersion, _ addresses: ProxyAddresses?, in pool: BufferPool
    ) -> Bool {
        guard let buffer = pool.take() else { return false }
        var writer = pool.writer(buffer)
        writer.appendProxyHeader(version, addresses)
        pool.setCount(buffer, writer.count)
        var rest = take()
        append(buffer, in: pool)
        let isMoved = rest.moveFirst(Int(rest.bytes), to: &self, in: pool)
        precondition(isMoved, "whole buffers change hands without another one")
        return true
    }
}
