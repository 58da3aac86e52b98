// Small files: the kernel's under /proc and /sys, and the operator's.

internal import CLinux
internal import DataPlane

/// Reads files whole.
package enum SystemFile {
    private static let bytesMax = 64 * 1024

    /// The first 64 KiB of a file as text; `nil` when it cannot be read.
    package static func read(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        let count = unsafe gyre_file_read(path, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(Int(count)), as: UTF8.self) : nil
    }

    /// The first bytes of a file that has a short line, as text.
    static func line(_ path: String) -> String? {
        (try? bytes(path, max: 64)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first bytes of a file.
    ///
    /// - Parameter max: how many there may be; the memory for them is taken at once.
    static func bytes(_ path: String, max: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max)
        let count = try SystemError.check(unsafe gyre_file_read(path, &bytes, bytes.count))
        return Array(bytes.prefix(Int(count)))
    }

    /// A file that holds one decimal number.
    package static func number(_ path: String) -> UInt64? {
        read(path).flatMap { text in
            UInt64(text.prefix { !$0.isWhitespace })
        }
    }
}
