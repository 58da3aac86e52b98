// What is measured of an exchange while it lasts, and what is left of it until its turn ends: only
// then is it known when its last bytes were handed to the kernel.

internal import Protocols

/// An exchange's times, bytes and outcome so far. Times are of the reactor's clock: a turn's start
/// for what arrived, its end for what was handed on.
struct ExchangeMeter: BitwiseCopyable {
    /// The turn in which its head was complete.
    let beganNs: UInt64
    let method: Method
    /// What the client got, and what the present endpoint answered; 0 for nothing yet.
    var status: UInt16 = 0
    var endpointStatus: UInt16 = 0
    /// Why it ends: who ends it without a word is the client.
    var end = EndReason.clientClosed
    /// The present endpoint was asked, or is being connected for it.
    var isTried = false
    /// How often it was sent to an endpoint, or a connection was made for that.
    var tries: UInt16 = 0
    /// The trace that it belongs to; 0 for none.
    var traced: UInt8 = 0
    /// Since when neither client nor endpoint is waited for; 0 while one is.
    var ownSinceNs: UInt64
    var ownNs: UInt64 = 0
    /// When the request was last handed on; 0 before that.
    var sentNs: UInt64 = 0
    /// Since when a connection is being made for it, and how long the last one took.
    var connectSinceNs: UInt64 = 0
    var connectNs = AccessRecord.noTime
    var firstByteNs = AccessRecord.noTime
    var queue = QueueTime()
    /// From the client and to it, heads included.
    var bytesIn: UInt64
    var bytesOut: UInt64 = 0
    /// Of `bytesOut`, what is no content.
    var headBytesOut: UInt64 = 0

    init(_ method: Method, nowNs: UInt64, headBytes: Int) {
        self.method = method
        beganNs = nowNs
        ownSinceNs = nowNs
        bytesIn = UInt64(headBytes)
    }
}

/// An exchange that ended in the present turn.
struct EndedExchange: BitwiseCopyable {
    let beganNs: UInt64
    let ownNs: UInt64
    let ownSinceNs: UInt64
    /// As metrics count its route.
    let route: UInt32
    /// Where its access record is; negative for none.
    let record: Int32
}

/// What a turn leaves to its end.
struct TurnNotes: ~Copyable {
    private static let capacity = 1024

    /// Exchanges for which something is being done.
    private var touched = MutableTable<SlabIndex<Exchange>>(zeroed: capacity)
    private(set) var touchedCount = 0
    private var ended = MutableTable<EndedExchange>(zeroed: capacity)
    private(set) var endedCount = 0

    var isEmpty: Bool { touchedCount == 0 && endedCount == 0 }

    /// Whether nothing more can be noted before what there is has been settled.
    var isFull: Bool { touchedCount == Self.capacity || endedCount == Self.capacity }

    mutating func append(_ index: SlabIndex<Exchange>) {
        touched[touchedCount] = index
        touchedCount += 1
    }

    mutating func append(_ exchange: EndedExchange) {
        ended[endedCount] = exchange
        endedCount += 1
    }

    func touched(_ position: Int) -> SlabIndex<Exchange> { touched[position] }

    func ended(_ position: Int) -> EndedExchange { ended[position] }

    mutating func removeAll() {
        touchedCount = 0
        endedCount = 0
    }
}
