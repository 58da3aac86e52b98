// One simulated HTTP client: its requests and how it behaves on its connection.

import TestSupport

/// How a client leaves.
enum ClientEnding: Equatable {
    /// Closes when everything is answered.
    case closesWhenAnswered
    /// Ends its stream when everything is sent, and reads on.
    case halfClosesWhenSent
    /// Sends and reads until the other end closes.
    case waits
    // The others break something off, by bytes that it has sent or read.
    case resetsAfterSending(Int)
    case closesAfterSending(Int)
    case halfClosesAfterSending(Int)
    case vanishesAfterSending(Int)
    case resetsAfterReading(Int)
    case vanishesAfterReading(Int)
    case resetsAfter(ns: UInt64)

    /// Whether requests stay incomplete or answers unread through it.
    var breaksOff: Bool {
        switch self {
        case .closesWhenAnswered, .halfClosesWhenSent, .waits: false
        default: true
        }
    }

    /// Whether it goes on reading.
    var isHalfClose: Bool {
        switch self {
        case .halfClosesWhenSent, .halfClosesAfterSending: true
        default: false
        }
    }
}

/// A pause within what is sent for one request.
struct RequestPause {
    /// Bytes of the request before it.
    let position: Int
    let ns: UInt64
}

/// What a side of a tunnel sends.
struct TunnelPlan {
    let bytes: [UInt8]
    /// Ends its stream only after the other's end.
    let waitsForEnd: Bool

    init(_ number: Int, bytesMax: Int, by random: inout SeededRandom) {
        bytes = PlannedBody.content(number, random.magnitude(upTo: bytesMax), by: &random)
        waitsForEnd = random.chance(400)
    }
}

/// A client's script.
struct ClientPlan {
    let peer: PeerPlan
    let listener: Int
    let arrivalNs: UInt64
    let requests: [RequestPlan]
    /// Before each request.
    let thinkNs: [UInt64]
    let pauses: [RequestPause?]
    /// Requests that it sends ahead of the first answer that is missing; at least 1.
    let depth: Int
    /// How long it waits for a 100 before it sends a body all the same.
    let continueWaitNs: UInt64
    /// Stops sending a body when the final answer is there.
    let stopsOnAnswer: Bool
    let ending: ClientEnding
    let tunnel: TunnelPlan
    /// Requests wait for the next multiple of this, so that many clients send at once; 0 for none.
    let beatNs: UInt64

    /// - Parameter firstNumber: of its first request.
    init(
        firstNumber: Int, in manner: ClientManner, by random: inout SeededRandom
    ) {
        listener = random.pick(0...manner.listeners - 1)
        arrivalNs = random.pick(0...manner.arrivalNsMax)
        let isLong = random.chance(100) || manner.beatNs > 0
        let count = isLong ? random.pick(6...20) : random.pick(1...5)
        var requests: [RequestPlan] = []
        for position in 0..<count {
            requests.append(
                RequestPlan(number: firstNumber + position, limits: manner.requests, by: &random))
            // Nobody has a reason to send more behind what is refused, but some do.
            if requests[position].isFlawed, random.chance(500) { break }
        }
        self.requests = requests
        let times: [UInt64] = [0, 0, 0, 1_000_000, manner.pauseNsMax / 8]
        thinkNs = requests.map { _ in
            if random.chance(manner.troublePerMille / 4) { return manner.pauseNsMax }
            return manner.beatNs > 0 ? 0 : random.pick(times)
        }
        pauses = requests.map { request in
            guard random.chance(manner.troublePerMille / 2) else { return nil }
            let bytes = request.head.count + request.wireBody.count
            return RequestPause(
                position: random.pick(1...bytes),
                ns: random.pick([manner.pauseNsMax / 8, manner.pauseNsMax]))
        }
        depth = manner.beatNs > 0 ? 1 : random.pick([1, 1, 2, 100])
        continueWaitNs = random.pick([1_000_000, 200_000_000])
        stopsOnAnswer = random.chance(500)
        let total = requests.reduce(0) { $0 + $1.head.count + $1.wireBody.count }
        ending = Self.ending(total, manner, &random)
        tunnel = TunnelPlan(firstNumber + 64, bytesMax: manner.requests.bodyBytesMax, by: &random)
        beatNs = manner.beatNs
        var peer = Self.peer(total, manner, &random)
        if manner.beatNs > 0 {
            peer.pieceBytes = 65_536...65_536
            peer.sendGapNs = 0...0
        }
        self.peer = peer
    }

    private static func ending(
        _ total: Int, _ manner: ClientManner, _ random: inout SeededRandom
    ) -> ClientEnding {
        guard random.chance(manner.troublePerMille) else {
            return random.pick([.closesWhenAnswered, .halfClosesWhenSent, .waits])
        }
        if manner.beatNs > 0, random.chance(500) {
            // Just after it has asked for something together with others.
            let ns = manner.beatNs * UInt64(random.pick(3...15)) + random.pick(10_000...10_000_000)
            return .resetsAfter(ns: ns)
        }
        switch random.pick(0...6) {
        case 0: return .resetsAfterSending(random.pick(0...total))
        case 1: return .closesAfterSending(random.pick(0...total))
        case 2: return .halfClosesAfterSending(random.pick(0...total))
        case 3: return .vanishesAfterSending(random.pick(0...total))
        case 4: return .resetsAfterReading(random.magnitude(upTo: manner.requests.bodyBytesMax))
        case 5: return .vanishesAfterReading(random.magnitude(upTo: manner.requests.bodyBytesMax))
        default: return .resetsAfter(ns: random.pick(0...200_000_000))
        }
    }

    /// Pace and room of the connection.
    private static func peer(
        _ total: Int, _ manner: ClientManner, _ random: inout SeededRandom
    ) -> PeerPlan {
        var plan = PeerPlan.paced(&random, sends: total, reads: manner.answerBytesMax)
        if random.chance(manner.troublePerMille / 4) { plan.trickle(&random, sends: total) }
        if random.chance(manner.troublePerMille / 2) {
            plan.readStalls = [
                Stall(
                    position: random.magnitude(upTo: manner.answerBytesMax),
                    durationNs: random.pick([manner.pauseNsMax / 8, manner.pauseNsMax]))
            ]
        }
        return plan
    }
}

/// What clients may be like in a run.
struct ClientManner {
    var requests: RequestLimits
    var listeners: Int
    var arrivalNsMax: UInt64
    /// How often something is broken off or paused.
    var troublePerMille: Int
    var pauseNsMax: UInt64
    var answerBytesMax: Int
    var beatNs: UInt64 = 0
}

extension PeerPlan {
    /// Pace and room for so many bytes, with a bounded number of pieces: one byte at a time where
    /// there are few bytes.
    static func paced(_ random: inout SeededRandom, sends: Int, reads: Int) -> PeerPlan {
        var plan = PeerPlan()
        plan.pieceBytes = pieces(&random, sends)
        plan.readBytes = pieces(&random, reads)
        plan.sendGapNs = 0...random.pick([0, 0, 1_000, 100_000, 1_000_000])
        plan.readGapNs = 0...random.pick([0, 0, 1_000, 100_000, 1_000_000])
        plan.inboundCapacity = random.pick([max(512, sends / 16), 4_096, 65_536, 262_144])
        plan.outboundCapacity = random.pick([max(512, reads / 16), 4_096, 65_536, 262_144])
        return plan
    }

    /// The same, but what it sends comes in a trickle: never silent for long, and never soon there.
    mutating func trickle(_ random: inout SeededRandom, sends: Int) {
        let least = max(1, sends / 40)
        pieceBytes = least...2 * least
        sendGapNs = 0...random.pick([50_000_000, 400_000_000])
    }

    private static func pieces(_ random: inout SeededRandom, _ total: Int) -> ClosedRange<Int> {
        // One byte at a time for a few hundred bytes; whole buffers most of the time.
        let least = max(1, total / random.pick([8, 64, 400]))
        return least...max(least, random.magnitude(upTo: 65_536))
    }
}
