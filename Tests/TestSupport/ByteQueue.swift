// Bytes in the order in which they came: what a simulated socket holds for a peer whose bytes are
// not known in advance.

import Glibc

/// A first-in first-out queue of bytes.
package struct ByteQueue {
    private var bytes: [UInt8] = []
    private var start = 0

    package init() {}

    package var count: Int { bytes.count - start }

    package mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    package mutating func append(_ more: ArraySlice<UInt8>) {
        bytes.append(contentsOf: more)
    }

    /// Takes the first bytes out.
    ///
    /// - Parameter limit: at most `count`.
    package mutating func take(_ limit: Int) -> [UInt8] {
        precondition(limit <= count)
        let taken = Array(bytes[start..<start + limit])
        drop(limit)
        return taken
    }

    /// Takes the first bytes out, as many as `target` has room for.
    package mutating func take(into target: UnsafeMutableRawBufferPointer) {
        precondition(target.count <= count)
        bytes.withUnsafeBytes {
            target.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0[start..<start + target.count]))
        }
        drop(target.count)
    }

    private mutating func drop(_ count: Int) {
        start += count
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 65_536 {
            bytes.removeFirst(start)
            start = 0
        }
    }
}
