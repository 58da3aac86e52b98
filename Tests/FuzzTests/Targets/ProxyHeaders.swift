// PROXY headers from arbitrary bytes: no trap, the same verdict however much has come when it is
// there, and a header that is written anew from what was read says the same.

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzProxyHeaders(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let whole = ProxyHeader.parse(input.span)
    var isDecided = false
    for count in 0..<input.count {
        let beginning = Array(input[..<count])
        let verdict = ProxyHeader.parse(beginning.span)
        precondition(verdict == whole || verdict == .incomplete && !isDecided)
        isDecided = verdict != .incomplete
    }
    precondition(ProxyHeader.parse((input + [0x0A]).span) == whole || whole == .incomplete)
    guard case .complete(let header) = whole else { return 0 }
    precondition(header.length <= min(input.count, ProxyHeader.bytesMax))
    let less = Array(input[..<(header.length - 1)])
    precondition(ProxyHeader.parse(less.span) == .incomplete)
    for version in ProxyVersion.allCases {
        let again = written { $0.appendProxyHeader(version, header.addresses) }
        let read = ProxyHeader(length: again.count, addresses: header.addresses)
        precondition(again.count <= 107 && ProxyHeader.parse(again.span) == .complete(read))
    }
    return 0
}
