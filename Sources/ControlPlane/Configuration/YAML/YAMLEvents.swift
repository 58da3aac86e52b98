// The events of a YAML text, from libyaml as Yams brings it. Yams' own tree is not used: it hashes
// keys (an alias in a key can make that endless), forgets where aliases and repeated keys stand,
// and asks regular expressions about each scalar.

internal import CYaml

/// One event, copied out of libyaml.
struct YAMLEvent {
    enum Kind {
        case scalar(String, isPlain: Bool)
        case alias(String)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        case documentStart, documentEnd, streamStart, streamEnd
    }

    let kind: Kind
    let place: TextPlace
    var anchor: String?
    /// Whether somebody wrote `!something`.
    var hasTag = false
}

/// Reads a text event by event. Lives on one thread.
@safe final class YAMLEvents {
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// - Parameter bytes: UTF-8.
    init(_ bytes: [UInt8]) {
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(from: bytes)
        let isReady = unsafe yaml_parser_initialize(parser)
        precondition(isReady == 1, "there is no memory for a parser")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; not to be called after `streamEnd` or after a mistake.
    func next() throws(Mistake) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        let place = TextPlace(Int(mark.line) + 1, Int(mark.column) + 1)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return YAMLEvent(kind: .streamStart, place: place)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, place: place)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, place: place)
        case YAML_ALIAS_EVENT:
            let name = unsafe Self.text(event.data.alias.anchor) ?? ""
            return YAMLEvent(kind: .alias(name), place: place)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe YAMLEvent(
                kind: .scalar(
                    String(decoding: bytes, as: UTF8.self),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
                place: place, anchor: Self.text(scalar.anchor), hasTag: scalar.tag != nil)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe YAMLEvent(
                kind: .sequenceStart, place: place, anchor: Self.text(start.anchor),
                hasTag: start.tag != nil)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, place: place)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe YAMLEvent(
                kind: .mappingStart, place: place, anchor: Self.text(start.anchor),
                hasTag: start.tag != nil)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, place: place)
        default: return YAMLEvent(kind: .streamEnd, place: place)
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let bytes = unsafe bytes else { return nil }
        return unsafe String(cString: bytes)
    }

    /// What libyaml says is wrong.
    private func problem() -> Mistake {
        let (line, column) = unsafe (
            parser.pointee.problem_mark.line, parser.pointee.problem_mark.column
        )
        let text = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        guard unsafe parser.pointee.error != YAML_READER_ERROR else {
            let offset = unsafe Int(parser.pointee.problem_offset)
            return Mistake(
                place(ofByte: offset), "\(text ?? "a byte that cannot be read"); expected UTF-8")
        }
        let place = TextPlace(Int(line) + 1, Int(column) + 1)
        if scalar(at: place) == "\t" {
            return Mistake(place, "a tab; expected spaces to indent with")
        }
        let context = unsafe parser.pointee.context.map { context in
            let line = unsafe parser.pointee.context_mark.line + 1
            return unsafe " \(String(cString: context)) that begins in line \(line)"
        }
        return Mistake(
            place,
            "\(text ?? "something that is not YAML")\(context ?? ""); expected YAML")
    }

    private func scalar(at place: TextPlace) -> Unicode.Scalar? {
        let lines = unsafe input.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard unsafe lines.indices.contains(place.line - 1) else { return nil }
        let line = unsafe String(decoding: lines[place.line - 1], as: UTF8.self)
        return line.unicodeScalars.dropFirst(place.column - 1).first
    }

    private func place(ofByte offset: Int) -> TextPlace {
        let before = unsafe Array(input.prefix(offset))
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
        return TextPlace(line, column)
    }
}
