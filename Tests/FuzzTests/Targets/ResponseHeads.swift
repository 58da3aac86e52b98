// Response heads from arbitrary bytes: as for requests, and the body has one end only.

nonisolated(unsafe) private var response = ResponseHead()
nonisolated(unsafe) private var answering = RequestKind.other

private func parse(_ bytes: Span<UInt8>, _ progress: inout HeadProgress) -> Outcome {
    let verdict = response.parse(
        bytes, limits: HeadLimits(headBytesMax: 4096), answering: answering, progress: &progress)
    guard verdict == .complete else { return Outcome(verdict: verdict, facts: "", length: 0) }
    return Outcome(
        verdict: verdict, facts: describe(response, bytes), length: response.length)
}

/// One input of libFuzzer. The first byte says what is answered.
@c(LLVMFuzzerTestOneInput)
public func fuzzResponseHeads(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard count >= 1 else { return 0 }
    answering = RequestKind(rawValue: bytes[0] % 3) ?? .other
    let rest = UnsafeBufferPointer(start: bytes + 1, count: count - 1)
    guard let input = CutInput(rest) else { return 0 }
    let outcome = checkCuts(input, parse: parse)
    guard outcome.verdict == .complete else { return 0 }
    let text = input.text.span
    var progress = HeadProgress()
    precondition(parse(text, &progress) == outcome)
    checkFields(response.fields, text, length: response.length)
    checkFraming()
    let again = written { writer in
        writer.append(response.version == .http11 ? "HTTP/1.1 " : "HTTP/1.0 ")
        writer.appendDecimal(UInt64(response.status))
        writer.append(" ")
        writer.append(text, response.reason)
        writer.append("\r\n")
        write(response.fields, text, into: &writer)
    }
    let meaning = describe(response, text, spacing: false)
    var second = HeadProgress()
    precondition(parse(again.span, &second).verdict == .complete)
    precondition(response.length == again.count)
    precondition(describe(response, again.span, spacing: false) == meaning)
    return 0
}

/// The rules that must hold for who forwards a response, looked at from the result.
private func checkFraming() {
    precondition((100...599).contains(response.status))
    let codings = (0..<response.fields.count).count {
        response.fields[$0].known == .transferEncoding
    }
    precondition(response.contentLength == nil || codings == 0)
    switch response.framing {
    case .none: break
    case .length(let length): precondition(length > 0 && response.contentLength == length)
    case .chunked: precondition(codings == 1 && response.version == .http11)
    case .untilClose:
        precondition(codings == 0 && response.contentLength == nil && !response.isPersistent)
    }
    let isBodiless =
        answering == .head || response.status < 200
        || response.status == 204 || response.status == 304
        || answering == .connect && response.status < 300
    precondition(!isBodiless || response.framing == .none)
    precondition(response.status != 101 || !response.upgrade.isEmpty)
}
