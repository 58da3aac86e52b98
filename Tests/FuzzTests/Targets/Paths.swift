// Normal forms of paths from arbitrary bytes: no trap, and whatever comes out has one spelling, no
// segment that means anything, and is its own normal form.

private func normal(_ path: [UInt8]) -> Result<[UInt8], PathRefusal> {
    var scratch = [UInt8](repeating: 0, count: path.count)
    do throws(PathRefusal) {
        var room = scratch.mutableSpan
        let count = try RequestPath.normalise(path.span, 0..<path.count, into: &room)
        return .success(Array(scratch[..<count]))
    } catch {
        return .failure(error)
    }
}

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzPaths(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let target = [UInt8(ascii: "/")] + UnsafeBufferPointer(start: bytes, count: count)
    var range = ByteRange()
    range.count = UInt16(target.count)
    let extent = RequestPath.extent(of: range, in: target.span)
    // What stands behind a target does not count.
    let longer = target + Array("/../?%".utf8)
    precondition(RequestPath.extent(of: range, in: longer.span).end == extent.end)
    let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
    precondition(extent.end == end)
    let path = Array(target[..<end])
    guard hasWholeEscapes(path) else { return 0 }
    switch normal(path) {
    case .failure(let refusal):
        precondition(!extent.isNormal && refusal != .tooLong)
        precondition(refusal.reason.utf8CodeUnitCount > 0)
    case .success(let text):
        precondition(!extent.isNormal || text == path)
        precondition(text.count <= path.count)
        precondition(normal(text) == .success(text))
        check(text)
    }
    return 0
}

/// What the parser of heads sees to.
private func hasWholeEscapes(_ path: [UInt8]) -> Bool {
    path.indices.allSatisfy { index in
        guard path[index] == UInt8(ascii: "%") else { return true }
        let digits = path[(index + 1)...].prefix(2)
        return digits.count == 2 && digits.allSatisfy { ASCII.hexValue($0) != nil }
    }
}

/// What a normal form never has.
private func check(_ text: [UInt8]) {
    precondition(text.first == UInt8(ascii: "/"))
    let segments = text.dropFirst().split(
        separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
        precondition(!segment.isEmpty || index == segments.count - 1)
        precondition(!segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8))
    }
}
