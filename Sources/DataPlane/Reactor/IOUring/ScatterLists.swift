// Message headers for sends of more than one buffer. The kernel reads a header and its list when
// it takes the submission entry (IORING_FEAT_SUBMIT_STABLE), so as many are enough as there are
// entries; they are handed out in a circle.

internal import CLiburing
internal import CLinux
internal import Glibc

/// Scatter lists of up to `sendBuffersMax` segments.
@safe
struct ScatterLists: ~Copyable {
    private let headers: UnsafeMutablePointer<msghdr>
    private let segments: UnsafeMutablePointer<iovec>
    private let count: Int
    private var position = 0

    init(count: Int) {
        self.count = count
        unsafe headers = .allocate(capacity: count)
        unsafe headers.initialize(repeating: msghdr(), count: count)
        unsafe segments = .allocate(capacity: count * sendBuffersMax)
    }

    deinit {
        unsafe headers.deallocate()
        unsafe segments.deallocate()
    }

    /// A header that lists the chain's buffers; valid until `count` further ones were made.
    mutating func header(for chain: BufferChain, in pool: BufferPool) -> UnsafePointer<msghdr> {
        let list = unsafe segments + position * sendBuffersMax
        let header = unsafe headers + position
        position = position + 1 == count ? 0 : position + 1
        unsafe header.pointee.msg_iov = list
        unsafe header.pointee.msg_iovlen = fill(list, from: chain, in: pool)
        return unsafe UnsafePointer(header)
    }
}

/// Writes the chain's buffers as scatter-list segments.
///
/// - Parameter list: room for `sendBuffersMax` segments.
/// - Returns: segments written.
func fill(
    _ list: UnsafeMutablePointer<iovec>, from chain: BufferChain, in pool: BufferPool
) -> Int {
    precondition(chain.buffers <= sendBuffersMax)
    var buffer = chain.head
    for index in 0..<Int(chain.buffers) {
        unsafe list[index] = iovec(iov_base: pool.contents(buffer), iov_len: pool.count(buffer))
        buffer = pool.next(buffer)
    }
    return Int(chain.buffers)
}
