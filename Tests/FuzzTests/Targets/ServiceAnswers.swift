// SRV answers from arbitrary bytes: no trap, bounds kept, and nothing read behind it.

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzServiceAnswers(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let message = Array(UnsafeBufferPointer(start: bytes, count: count))
    guard let found = ServiceRecords(parsing: message.span, recordsMax: 4) else { return 0 }
    precondition(found.records.count <= 4 && found.ttlSeconds >> 31 == 0)
    precondition(found.records.allSatisfy { IPText.isHostName($0.host[...].utf8) })
    // What follows the answers is not read.
    let longer = ServiceRecords(parsing: (message + [1, 2, 3]).span, recordsMax: 4)
    precondition(longer == found)
    return 0
}
