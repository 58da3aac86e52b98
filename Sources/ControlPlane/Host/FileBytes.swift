// Files of the operator, read whole.

internal import CLinux
internal import DataPlane

/// The bytes of a file.
package enum FileBytes {
    /// - Throws: when it cannot be read, or has more than `bytesMax` bytes.
    package static func read(_ path: String, bytesMax: Int) throws(StartError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        let count = unsafe gyre_file_read(path, &bytes, bytes.count)
        guard count >= 0 else {
            throw StartError("cannot read \(path): \(SystemError(code: -count).text)")
        }
        guard count <= bytesMax else {
            throw StartError("cannot read \(path): it has more than \(bytesMax) bytes")
        }
        bytes.removeLast(bytes.count - Int(count))
        return bytes
    }
}
