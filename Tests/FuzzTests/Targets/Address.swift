// Addresses from arbitrary bytes: no trap, and what was accepted prints back to itself.

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzAddress(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    do {
        let address = try AddressText(parsing: text)
        let again = try AddressText(parsing: address.description)
        precondition(address == again && address.description == text)
        precondition(!text.utf8.contains { $0 < 0x20 })
        if case .unix(let path) = address {
            precondition(path.utf8.count <= AddressText.unixPathBytesMax && path.first == "/")
        }
    } catch {
        precondition(!error.description.isEmpty)
    }
    if let items = try? CommaList.items(text) {
        precondition(items.joined(separator: ",") == text && !items.contains(""))
    }
    return 0
}
