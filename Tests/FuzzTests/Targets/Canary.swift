// Must crash: shows that the fuzzers are built in a way that finds what is wrong.

/// One input of libFuzzer; no IPv6 address with a zone gets past it.
@c(LLVMFuzzerTestOneInput)
public func fuzzCanary(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    if case .ipv6(let host, _)? = try? AddressText(parsing: text) {
        precondition(!host.contains("%"))
    }
    return 0
}
