// The head writer at work, for targets that read what they wrote.

/// What `write` leaves in memory.
func written(_ write: (inout HeadWriter) -> Void) -> [UInt8] {
    // Inputs are smaller than 64 KiB, and grow by a byte a line at most when written anew.
    let capacity = 66_000
    return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        guard let start = buffer.baseAddress else { return }
        var writer = HeadWriter(start, capacity: capacity)
        write(&writer)
        precondition(!writer.hasOverflowed)
        count = writer.count
    }
}
