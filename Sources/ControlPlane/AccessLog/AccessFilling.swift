// Records out of the workers' rings become lines here, under a lock: the log's thread does it all
// the time, and whoever gives ids to other things does it once before.

internal import DataPlane

/// Lines that are not yet on their way.
struct AccessFilling: ~Copyable {
    /// What came of a look into the rings.
    struct Drained {
        var records = 0
        /// Of the ring that had the most.
        var busiestBytes = 0
        /// Whether there may be more, for which there was no room.
        var isFull = false
    }

    static let bufferBytes = 1 << 20
    /// From here on it is worth a system call.
    static let batchBytes = 64 << 10
    /// What waits longer is written however little it is.
    static let batchNs: UInt64 = 50_000_000
    private static let takenMax = 256

    private let rings: [AccessRing]
    private var names: SiteNames
    private var line: AccessLine
    private let lineBytesMax: Int
    private var buffer = LineBuffer(capacity: bufferBytes)
    private var lines: UInt64 = 0
    /// When the first line came.
    private var sinceNs: UInt64 = 0
    /// The ring that is looked into first.
    private var first = 0
    /// Records and lines that were given up.
    private(set) var dropped: UInt64 = 0

    init(_ rings: [AccessRing], _ format: AccessFormat, _ names: SiteNames) {
        self.rings = rings
        self.names = names
        line = AccessLine(format, names)
        lineBytesMax = line.bytesMax
    }

    var isEmpty: Bool { buffer.isEmpty }

    /// Takes what there is in the rings, as far as there is room.
    mutating func drain(nowNs: UInt64) -> Drained {
        var drained = Drained()
        line.wallOffsetNs = ClockText.monotonicOffsetNs
        if buffer.isEmpty { sinceNs = nowNs }
        for place in rings.indices {
            let ring = rings[(first + place) % rings.count]
            var bytes = 0
            while true {
                let most = min(Self.takenMax, buffer.room / lineBytesMax)
                let taken = ring.take(atMost: most) { record, texts in
                    line.append(record, texts, to: &buffer)
                    bytes += MemoryLayout<AccessRecord>.stride + texts.count
                }
                drained.records += taken
                if most == 0 { drained.isFull = true }
                if taken < most || most == 0 { break }
            }
            drained.busiestBytes = max(drained.busiestBytes, bytes)
        }
        if !rings.isEmpty { first = (first + 1) % rings.count }
        lines += UInt64(drained.records)
        return drained
    }

    /// From now on ids are called so. What is in the rings already is called as before; where that
    /// is not the same, what there is no room for is lost.
    mutating func setNames(_ names: SiteNames, nowNs: UInt64) {
        if names.renames(self.names), drain(nowNs: nowNs).isFull { dropRecords() }
        self.names = names
        line.setNames(names)
    }

    /// Loses all that it has, and all that is in the rings.
    mutating func abandon() {
        dropped += lines
        lines = 0
        buffer.removeAll()
        dropRecords()
    }

    private mutating func dropRecords() {
        for ring in rings {
            while true {
                let taken = ring.take(atMost: Self.takenMax) { _, _ in }
                dropped += UInt64(taken)
                if taken < Self.takenMax { break }
            }
        }
    }

    /// Gives its lines away when it is time.
    ///
    /// - Parameters:
    ///   - other: empty; becomes full.
    ///   - isUrgent: whether it is time anyhow.
    /// - Returns: how many lines.
    mutating func handOver(_ other: inout LineBuffer, nowNs: UInt64, isUrgent: Bool) -> UInt64 {
        precondition(other.isEmpty)
        let isDue =
            isUrgent || buffer.count >= Self.batchBytes || nowNs &- sinceNs >= Self.batchNs
        guard !buffer.isEmpty, isDue else { return 0 }
        swap(&buffer, &other)
        defer { lines = 0 }
        return lines
    }

    /// Asks to be woken by the next record of any worker.
    ///
    /// - Returns: false when there are some already.
    func fallAsleep() -> Bool { rings.allSatisfy { $0.fallAsleep() } }

    /// Records that found no room in their rings, and those that were given up.
    var lost: UInt64 { rings.reduce(dropped) { $0 + $1.lostCount } }
}
