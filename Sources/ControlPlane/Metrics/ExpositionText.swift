// Metrics as text: OpenMetrics 1.0, and the older text format 0.0.4 for who does not ask for it.
// Bytes are appended to one array, in one pass.

internal import DataPlane

/// How metrics are written.
package enum ExpositionFormat: Equatable, Sendable {
    case openMetrics
    /// https://prometheus.io/docs/instrumenting/exposition_formats/
    case classic

    /// - Parameter accept: the Accept field of who asks; `nil` without one.
    package init(accepting accept: String?) {
        let isAsked = accept?.lowercased().contains("application/openmetrics-text") ?? false
        self = isAsked ? .openMetrics : .classic
    }
}

/// Names and values that tell samples of a family apart, as they are written.
struct ExpositionLabels: ExpressibleByDictionaryLiteral {
    fileprivate private(set) var bytes: [UInt8] = []

    init(dictionaryLiteral pairs: (String, String)...) {
        for (name, value) in pairs { append(name, value) }
    }

    mutating func append(_ name: String, _ value: String) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes += name.utf8
        bytes += "=\"".utf8
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    func adding(_ name: String, _ value: String) -> ExpositionLabels {
        var labels = self
        labels.append(name, value)
        return labels
    }
}

/// Upper bounds of a histogram's buckets, and what they are in the workers' histograms.
struct ExpositionBounds {
    /// 100 µs to one minute.
    static let seconds = ExpositionBounds(
        [
            ("0.0001", 100_000), ("0.00025", 250_000), ("0.0005", 500_000), ("0.001", 1_000_000),
            ("0.0025", 2_500_000), ("0.005", 5_000_000), ("0.01", 10_000_000),
            ("0.025", 25_000_000), ("0.05", 50_000_000), ("0.1", 100_000_000),
            ("0.25", 250_000_000), ("0.5", 500_000_000), ("1.0", 1_000_000_000),
            ("2.5", 2_500_000_000), ("5.0", 5_000_000_000), ("10.0", 10_000_000_000),
            ("30.0", 30_000_000_000), ("60.0", 60_000_000_000),
        ], unit: 1e9)
    /// From one microsecond, for what a worker does without waiting.
    static let work = ExpositionBounds(
        [
            ("1e-06", 1_000), ("2.5e-06", 2_500), ("5e-06", 5_000), ("1e-05", 10_000),
            ("2.5e-05", 25_000), ("5e-05", 50_000), ("0.0001", 100_000), ("0.00025", 250_000),
            ("0.0005", 500_000), ("0.001", 1_000_000), ("0.0025", 2_500_000),
            ("0.005", 5_000_000), ("0.01", 10_000_000), ("0.1", 100_000_000),
            ("1.0", 1_000_000_000),
        ], unit: 1e9)
    /// Whole numbers, each of which is kept as 64 times as much.
    static let counts = ExpositionBounds(
        (0...10 as ClosedRange<UInt64>).map { ("\(1 << $0).0", 64 << $0) }, unit: 64)

    /// The text of each bound and the last of the buckets below it.
    fileprivate let bounds: [(text: String, last: Int)]
    /// What 1 is.
    fileprivate let unit: Double

    private init(_ values: [(String, UInt64)], unit: Double) {
        bounds = values.map { ($0.0, LatencyBuckets.index(of: $0.1)) }
        self.unit = unit
    }
}

/// Text that grows family by family.
struct ExpositionText {
    enum Kind: String {
        case counter, gauge, histogram, info
    }

    private(set) var bytes: [UInt8] = []
    private let format: ExpositionFormat
    private var family = ""
    private var isCounter = false

    init(_ format: ExpositionFormat) {
        self.format = format
        bytes.reserveCapacity(64 * 1024)
    }

    /// Begins a family.
    ///
    /// - Parameters:
    ///   - name: with its unit at the end; without `_total`, which counters get, and `_info`.
    ///   - unit: a base unit, or empty.
    mutating func begin(_ name: String, _ kind: Kind, unit: String = "", _ help: String) {
        family = name
        isCounter = kind == .counter
        let isClassic = format == .classic
        let title =
            switch kind {
            case .counter where isClassic: name + "_total"
            case .info where isClassic: name + "_info"
            default: name
            }
        let type = kind == .info && isClassic ? "gauge" : kind.rawValue
        bytes += "# HELP \(title) \(help)\n# TYPE \(title) \(type)\n".utf8
        if !unit.isEmpty && !isClassic { bytes += "# UNIT \(title) \(unit)\n".utf8 }
        if kind == .info { family += "_info" }
    }

    mutating func sample(_ value: UInt64, _ labels: ExpositionLabels = [:]) {
        write(isCounter ? "_total" : "", labels)
        end(value)
    }

    mutating func decimal(_ value: Double, _ labels: ExpositionLabels = [:]) {
        write(isCounter ? "_total" : "", labels)
        end(value)
    }

    /// A family of one number.
    mutating func one(_ name: String, _ kind: Kind, _ help: String, _ value: UInt64) {
        begin(name, kind, help)
        sample(value)
    }

    /// - Parameter histogram: `nil` for one without a value.
    mutating func histogram(
        _ histogram: LatencyHistogram?, _ labels: ExpositionLabels = [:],
        _ bounds: ExpositionBounds = .seconds
    ) {
        var sum: UInt64 = 0
        var next = 0
        for (text, last) in bounds.bounds {
            if let histogram {
                while next <= last {
                    sum &+= histogram.buckets[next]
                    next += 1
                }
            }
            write("_bucket", labels, le: text)
            end(sum)
        }
        let count = histogram?.count ?? 0
        write("_bucket", labels, le: "+Inf")
        end(count)
        write("_sum", labels)
        end(Double(histogram?.sumNs ?? 0) / bounds.unit)
        write("_count", labels)
        end(count)
    }

    /// The whole text; nothing may follow.
    mutating func finish() -> [UInt8] {
        if format == .openMetrics { bytes += "# EOF\n".utf8 }
        return bytes
    }

    private mutating func write(_ suffix: String, _ labels: ExpositionLabels, le: String? = nil) {
        bytes += family.utf8
        bytes += suffix.utf8
        if le != nil || !labels.bytes.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes += labels.bytes
            if let le {
                bytes += (labels.bytes.isEmpty ? "le=\"" : ",le=\"").utf8
                bytes += le.utf8
                bytes.append(UInt8(ascii: "\""))
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
    }

    private mutating func end(_ value: UInt64) {
        bytes += String(value).utf8
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func end(_ value: Double) {
        bytes += (value.isFinite ? "\(value)" : "NaN").utf8
        bytes.append(UInt8(ascii: "\n"))
    }
}
