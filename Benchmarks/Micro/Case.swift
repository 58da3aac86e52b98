// What is counted: a name, and something to do so many times.

/// Something small that the data plane does all the time.
struct Case: Sendable {
    let name: String
    /// Does it so many times.
    let body: @Sendable (Int) -> Void

    init(_ name: String, _ body: @escaping @Sendable (Int) -> Void) {
        self.name = name
        self.body = body
    }
}

/// Makes a result needed, so that nothing that leads to it is left out.
@inline(never) func keep<Value>(_ value: borrowing Value) {}
