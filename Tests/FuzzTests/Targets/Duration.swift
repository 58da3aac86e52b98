// Durations from arbitrary bytes: no trap, no overflow, and the value is that of the text.

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzDuration(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    do {
        let milliseconds = try DurationText.milliseconds(text)
        precondition(milliseconds <= DurationText.maximumMs)
        let unit = text.drop { $0.isNumber }
        let factors: [Substring: UInt64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
        guard let factor = factors[unit], let number = UInt64(text.dropLast(unit.count)) else {
            preconditionFailure("accepted: \(text)")
        }
        precondition(number * factor == milliseconds)
        let again = try DurationText.milliseconds(DurationText.text(milliseconds: milliseconds))
        precondition(again == milliseconds)
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
