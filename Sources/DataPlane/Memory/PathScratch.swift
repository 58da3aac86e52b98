// Room for one path at a time in its normal form, for the few that do not come in it. Nothing stays
// in it.

package import Protocols

/// A region of memory for the longest path that a head can hold. Worker thread only.
@safe
package struct PathScratch: ~Copyable {
    /// Heads have at most 65,535 bytes.
    private static let bytes = 65_536

    private let region = MappedRegion(bytes: PathScratch.bytes)

    package init() {}

    /// The path of a request in its normal form: a part of the head where it came so, else written
    /// here. Empty for a request without one: CONNECT and `OPTIONS *`.
    ///
    /// - Returns: valid until the next call.
    @_lifetime(borrow self, copy head)
    package func path(
        of request: borrowing RequestHead, in head: Span<UInt8>
    ) throws(PathRefusal) -> Span<UInt8> {
        let target = request.originTarget
        let extent = RequestPath.extent(of: target, in: head)
        let path = Int(target.start)..<extent.end
        if path.isEmpty {
            // RFC 9112 sections 3.2.1 and 3.2.4.
            let isRoot =
                request.targetForm == .absolute && !(target.isEmpty && request.method == .options)
            unsafe region.base.storeBytes(of: UInt8(ascii: "/"), as: UInt8.self)
            return written(isRoot ? 1 : 0)
        }
        if extent.isNormal { return head.extracting(path) }
        var room = unsafe MutableSpan<UInt8>(
            _unsafeStart: region.base.assumingMemoryBound(to: UInt8.self), count: Self.bytes)
        return written(try RequestPath.normalise(head, path, into: &room))
    }

    @_lifetime(borrow self)
    private func written(_ count: Int) -> Span<UInt8> {
        let start = unsafe UnsafePointer(region.base.assumingMemoryBound(to: UInt8.self))
        let span = unsafe Span(_unsafeStart: start, count: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}
