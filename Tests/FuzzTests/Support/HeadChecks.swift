// What has to hold for every head that the parsers take, whatever it is.

/// The rest of an input behind the bytes that say where it is cut.
struct CutInput {
    let text: [UInt8]
    /// Where the pieces end, ascending; the whole text follows.
    let cuts: [Int]

    /// - Parameter bytes: the first two choose the cuts.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count >= 2 else { return nil }
        text = Array(bytes[2...])
        let places = text.count + 1
        cuts = [Int(bytes[0]) % places, Int(bytes[1]) * 257 % places].sorted()
    }
}

/// What came of a head: the verdict, and what it says if it is whole.
struct Outcome: Equatable {
    let verdict: HeadVerdict
    let facts: String
    let length: Int
}

/// Feeds a text in pieces, each at an address of its own with nothing behind it.
func feed(
    _ text: [UInt8], cuts: [Int], parse: (Span<UInt8>, inout HeadProgress) -> Outcome
) -> Outcome {
    var progress = HeadProgress()
    for cut in cuts {
        let piece = Array(text[..<cut])
        let outcome = parse(piece.span, &progress)
        if outcome.verdict != .incomplete { return outcome }
    }
    return parse(text.span, &progress)
}

/// Checks that the outcome does not depend on the cuts, that nothing behind the head matters, and
/// that nothing less than it is enough.
func checkCuts(_ input: CutInput, parse: (Span<UInt8>, inout HeadProgress) -> Outcome) -> Outcome {
    let whole = feed(input.text, cuts: [], parse: parse)
    precondition(feed(input.text, cuts: input.cuts, parse: parse) == whole)
    guard whole.verdict != .incomplete else { return whole }
    precondition(feed(input.text + [0x78, 0x0A], cuts: input.cuts, parse: parse) == whole)
    if whole.verdict == .complete {
        precondition(whole.length <= input.text.count)
        let head = Array(input.text[..<whole.length])
        precondition(feed(head, cuts: Array(0..<head.count), parse: parse) == whole)
        precondition(feed(Array(head.dropLast()), cuts: [], parse: parse).verdict == .incomplete)
    }
    return whole
}

/// Checks that every field lies in the head, line behind line, and holds nothing that could end it.
func checkFields(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>, length: Int) {
    precondition(fields.count <= FieldTable.capacity)
    var previousEnd = 0
    for index in 0..<fields.count {
        let field = fields[index]
        precondition(Int(field.name.start) > previousEnd && !field.name.isEmpty)
        precondition(Int(field.value.start) > field.name.end)
        precondition(bytes[field.name.end] == UInt8(ascii: ":"))
        precondition(field.value.end + 2 <= length)
        for offset in Int(field.name.start)..<field.value.end {
            precondition(bytes[offset] != 0x0D && bytes[offset] != 0x0A && bytes[offset] != 0)
        }
        if field.isPlain {
            precondition(Int(field.value.start) == field.name.end + 2)
            precondition(bytes[field.value.end] == 0x0D && bytes[field.value.end + 1] == 0x0A)
        }
        previousEnd = field.value.end
    }
}

/// Writes the fields one by one, as `name: value`.
func write(
    _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, into writer: inout HeadWriter
) {
    for index in 0..<fields.count {
        writer.append(bytes, fields[index].name)
        writer.append(": ")
        writer.append(bytes, fields[index].value)
        writer.append("\r\n")
    }
    writer.append("\r\n")
}
