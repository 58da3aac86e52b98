// Addresses and address blocks from arbitrary bytes: no trap, and what was accepted prints back to
// itself.

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
            precondition(
                path.utf8.count <= AddressText.unixPathBytesMax
                    && path.utf8.first == UInt8(ascii: "/"))
        }
    } catch {
        precondition(!error.description.isEmpty)
    }
    checkBlock(text)
    if let items = try? CommaList.items(text) {
        precondition(items.joined(separator: ",") == text && !items.contains(""))
    }
    return 0
}

/// Address blocks: what is taken holds its own address, and addresses print to what they are.
private func checkBlock(_ text: String) {
    guard let block = try? IPBlock(parsing: text) else { return }
    let address = Array(text.utf8.prefix { $0 != UInt8(ascii: "/") })
    guard let parsed = readAddress(address) else { preconditionFailure("no address: \(text)") }
    precondition(block.contains(parsed))
    let printed = written { $0.appendIPAddress(parsed, bracketed: false) }
    precondition(readAddress(printed) == parsed)
}

private func readAddress(_ text: [UInt8]) -> IPBytes? {
    IPBytes(parsingIPv4: text.span, from: 0, to: text.count)
        ?? IPBytes(parsingIPv6: text.span, from: 0, to: text.count)
}
