// Chunked bodies from arbitrary bytes: no trap, the same outcome however they are cut and read, and
// a body that was written anew from its data holds the same data.

/// What came of a body.
private struct BodyOutcome: Equatable {
    /// `finished` counts from the body's beginning.
    var step: ChunkStep
    var data: [UInt8] = []
}

private let limits = ChunkLimits(lineBytesMax: 64, trailerBytesMax: 128, trailerFieldsMax: 4)

private func collect(_ text: [UInt8], cuts: [Int]) -> BodyOutcome {
    var decoder = ChunkedDecoder(limits: limits)
    var outcome = BodyOutcome(step: .more)
    var start = 0
    for cut in cuts + [text.count] where outcome.step == .more {
        let piece = Array(text[start..<cut])
        var offset = 0
        reading: while true {
            switch decoder.next(piece.span, from: offset) {
            case .data(let first, let count):
                precondition(first >= offset && count > 0 && first + count <= piece.count)
                outcome.data += piece[first..<first + count]
                offset = first + count
            case .needsMore: break reading
            case .finished(let end):
                precondition(end >= offset && end <= piece.count)
                outcome.step = .finished(start + end)
                break reading
            case .refused(let refusal):
                outcome.step = .refused(refusal)
                break reading
            }
        }
        start = cut
    }
    precondition(decoder.bodyBytes == UInt64(outcome.data.count))
    return outcome
}

/// With `consume`, and data skipped where it can be.
private func consume(_ text: [UInt8], cuts: [Int]) -> ChunkStep {
    var decoder = ChunkedDecoder(limits: limits)
    var start = 0
    for cut in cuts + [text.count] {
        let skipped = min(decoder.dataLeft, UInt64(cut - start) / 2)
        decoder.skipData(skipped)
        let piece = Array(text[(start + Int(skipped))..<cut])
        switch decoder.consume(piece.span) {
        case .more: break
        case .finished(let end): return .finished(start + Int(skipped) + end)
        case .refused(let refusal): return .refused(refusal)
        }
        start = cut
    }
    return .more
}

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzChunkedBodies(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard let input = CutInput(UnsafeBufferPointer(start: bytes, count: count)) else { return 0 }
    let whole = collect(input.text, cuts: [])
    precondition(collect(input.text, cuts: input.cuts) == whole)
    precondition(collect(input.text, cuts: Array(0..<input.text.count)) == whole)
    precondition(consume(input.text, cuts: []) == whole.step)
    precondition(consume(input.text, cuts: input.cuts) == whole.step)
    guard case .finished(let end) = whole.step else { return 0 }
    precondition(end <= input.text.count && input.text[..<end].suffix(2) == [0x0D, 0x0A])
    precondition(collect(Array(input.text[..<(end - 1)]), cuts: []).step == .more)
    let again = written { writer in
        writer.appendHex(UInt64(whole.data.count))
        if !whole.data.isEmpty {
            writer.append("\r\n")
            writer.append(whole.data.span, 0..<whole.data.count)
            writer.append("\r\n0")
        }
        writer.append("\r\n\r\n")
    }
    precondition(
        collect(again, cuts: []) == BodyOutcome(step: .finished(again.count), data: whole.data))
    return 0
}
