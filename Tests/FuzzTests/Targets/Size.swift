// Sizes from arbitrary bytes: no trap, no overflow, and the value is that of the text.

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzSize(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    do {
        let size = try SizeText.bytes(text)
        precondition(size <= SizeText.maximumBytes)
        let unit = text.drop { $0.isNumber }
        let factors: [Substring: UInt64] = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        guard let factor = factors[unit], let number = UInt64(text.dropLast(unit.count)) else {
            preconditionFailure("accepted: \(text)")
        }
        precondition(number * factor == size)
        let again = try SizeText.bytes(SizeText.text(bytes: size))
        precondition(again == size)
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
