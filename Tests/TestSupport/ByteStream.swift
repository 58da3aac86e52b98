// The bytes that test peers send. A byte is a function of its stream and its position, so what
// arrives is checked byte by byte and place by place without keeping what was sent.

import Glibc

/// One direction's content: `number` is its first byte, which tells a receiver whose stream it
/// got; from then on every byte is known.
package struct ByteStream: Equatable, Sendable {
    /// Which stream; 0 to 255 within one world.
    package let number: UInt8

    package init(number: UInt8) {
        self.number = number
    }

    /// A prime, so that bytes that moved by a multiple of a buffer, a page or a pipe differ.
    private static let period = 65_521

    /// Two periods, so that up to one period can be taken from any place in one piece.
    private static let noise: [UInt8] = {
        var random = SeededRandom(seed: 0x6779_7265)
        let once = (0..<period).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        return once + once
    }()

    private func offset(of position: Int) -> Int {
        (position + Int(number) * 251) % Self.period
    }

    /// Writes the bytes from `position` on.
    package func fill(_ target: UnsafeMutableRawBufferPointer, from position: Int) {
        var done = 0
        while done < target.count {
            let start = offset(of: position + done)
            let length = min(target.count - done, Self.period)
            Self.noise.withUnsafeBytes { noise in
                UnsafeMutableRawBufferPointer(rebasing: target[done..<done + length])
                    .copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: noise[start..<start + length]))
            }
            done += length
        }
        if position == 0, target.count > 0 { target[0] = number }
    }

    /// The place of the first byte that is not what the stream has at `position` and after it;
    /// `nil` when all are.
    package func firstDifference(
        _ bytes: UnsafeRawBufferPointer, from position: Int
    ) -> Int? {
        var done = 0
        if position == 0, bytes.count > 0 {
            guard bytes[0] == number else { return 0 }
            done = 1
        }
        while done < bytes.count {
            let start = offset(of: position + done)
            let length = min(bytes.count - done, Self.period)
            let equal = Self.noise.withUnsafeBytes { noise in
                guard let have = bytes.baseAddress, let want = noise.baseAddress else {
                    return false
                }
                return memcmp(have + done, want + start, length) == 0
            }
            guard equal else {
                for index in done..<done + length
                where bytes[index] != Self.noise[start + index - done] {
                    return position + index
                }
                return position + done
            }
            done += length
        }
        return nil
    }
}
