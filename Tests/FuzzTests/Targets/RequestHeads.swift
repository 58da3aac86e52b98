// Request heads from arbitrary bytes: no trap, the same outcome however they are cut, all facts
// within the head, and a head that was written anew from its facts says the same.

nonisolated(unsafe) private var request = RequestHead()

private func parse(_ bytes: Span<UInt8>, _ progress: inout HeadProgress) -> Outcome {
    let verdict = request.parse(
        bytes, limits: HeadLimits(headBytesMax: 4096, targetBytesMax: 256), progress: &progress)
    guard verdict == .complete else { return Outcome(verdict: verdict, facts: "", length: 0) }
    return Outcome(
        verdict: verdict, facts: describe(request, bytes), length: request.length)
}

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzRequestHeads(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard let input = CutInput(UnsafeBufferPointer(start: bytes, count: count)) else { return 0 }
    let outcome = checkCuts(input, parse: parse)
    guard outcome.verdict == .complete else { return 0 }
    let text = input.text.span
    var progress = HeadProgress()
    precondition(parse(text, &progress) == outcome)
    checkFields(request.fields, text, length: request.length)
    checkFraming()
    let again = written { writer in
        writer.append(text, request.methodBytes)
        writer.append(" ")
        writer.append(text, request.target)
        writer.append(request.version == .http11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
        write(request.fields, text, into: &writer)
    }
    let meaning = describe(request, text, spacing: false)
    var second = HeadProgress()
    precondition(parse(again.span, &second).verdict == .complete)
    precondition(request.length == again.count)
    precondition(describe(request, again.span, spacing: false) == meaning)
    return 0
}

/// The rules that must hold for who forwards a request, looked at from the result.
private func checkFraming() {
    let lengths = (0..<request.fields.count).count { request.fields[$0].known == .contentLength }
    let codings = (0..<request.fields.count).count { request.fields[$0].known == .transferEncoding }
    let hosts = (0..<request.fields.count).count { request.fields[$0].known == .host }
    precondition(lengths <= 1 && codings <= 1 && lengths + codings <= 1 && hosts <= 1)
    precondition(hosts == 1 || request.version == .http10)
    switch request.framing {
    case .none: precondition(codings == 0)
    case .length(let length): precondition(length > 0 && lengths == 1)
    case .chunked: precondition(codings == 1 && request.version == .http11)
    case .untilClose: preconditionFailure("a request that ends with its connection")
    }
    precondition(request.targetForm == .authority || request.method != .connect)
    precondition(request.targetForm != .asterisk || request.method == .options)
}
