// What a value looks like, for those who describe the format: the schema and the reference.

/// The outside of a kind of value.
indirect enum Shape: Sendable {
    /// `true` or `false`.
    case flag
    case number(ClosedRange<UInt64>)
    /// A text that matches a regular expression (ECMA 262), as far as one can say it.
    case text(pattern: String)
    /// Any scalar.
    case anyText
    case words([String])
    case list(Shape, counts: ClosedRange<Int>)
    /// Names that the operator chooses, each with a value.
    case map(Shape)
    case object(@Sendable () -> ObjectShape)
    case either([Shape])
}

/// The outside of a mapping.
struct ObjectShape: Sendable {
    /// What it is, with its article.
    let title: String
    let keys: [KeyFacts]
    let groups: [KeyGroup]
    let variantKey: String?
}

/// What is known of a key.
struct KeyFacts: Sendable {
    let name: String
    /// A sentence: meaning, unit, what happens.
    let doc: String
    /// What its value has to be, for whoever writes it.
    let expected: String
    let shape: Shape
    let isRequired: Bool
    /// The variant that has it; `nil` for all.
    let only: String?
    /// What an absent key means; `nil` when that cannot be written.
    let fallback: YAMLNode?
    /// In YAML, for the reference, where there is no fallback to show.
    let example: String?
}

/// Keys that stand for each other: at most one of them is given.
struct KeyGroup: Sendable {
    let names: [String]
    let isRequired: Bool
}
