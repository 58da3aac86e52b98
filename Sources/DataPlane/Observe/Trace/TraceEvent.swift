// One step in the life of a connection that somebody watches.

/// An event of a trace. Plain, and of one size, so that a ring of them needs no other memory.
package struct TraceEvent: BitwiseCopyable, Sendable {
    package enum Kind: UInt8, BitwiseCopyable, Sendable {
        /// A client came; the id is its listener's.
        case accepted
        /// A request's head is complete; the id is its route's, the text its method and target.
        case head
        /// It stands in line for its upstream, and does no more.
        case queued, unqueued
        /// An endpoint was chosen; the id is the endpoint's, the code the how many-th it is.
        case chosen
        /// A connection is used that was there; the id is the endpoint's.
        case reused
        /// It follows others on their connection; the id is the endpoint's.
        case pipelined
        /// A connection was made; the id is the endpoint's.
        case connected
        /// A connection could not be made; the id is the endpoint's, the code an errno value.
        case connectFailed
        /// The request was handed on.
        case sent
        /// The first byte of an answer came.
        case firstByte
        /// An answer's head is complete; the id is the endpoint's, the code the status.
        case response
        /// It is sent once more, maybe elsewhere.
        case retried
        /// It is over; the code is what the client got, the value bytes for it.
        case ended
        /// The client's connection is closed.
        case closed
    }

    /// Bytes that a text may have; what is longer is cut.
    package static let textBytesMax = 88

    package let kind: Kind
    package private(set) var textCount: UInt8 = 0
    package let code: UInt16
    package let id: UInt32
    /// Of the client, among those of the worker.
    package let connection: UInt32
    /// Of `ended`.
    package let end: EndReason
    /// On the monotonic clock.
    package let atNs: UInt64
    package let value: UInt64
    package private(set) var text = InlineArray<88, UInt8>(repeating: 0)

    init(
        _ kind: Kind, connection: UInt32, id: UInt32 = .max, code: UInt16 = 0,
        end: EndReason = .done, value: UInt64 = 0, atNs: UInt64
    ) {
        self.kind = kind
        self.connection = connection
        self.id = id
        self.code = code
        self.end = end
        self.value = value
        self.atNs = atNs
    }

    /// Adds to the text, as far as there is room.
    mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        for index in range where Int(textCount) < Self.textBytesMax {
            text[Int(textCount)] = bytes[index]
            textCount += 1
        }
    }
}
