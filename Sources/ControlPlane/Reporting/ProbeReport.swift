// What `gyre probe` says: the kernel, what works here, what `auto` would take, and what the limits
// of this process allow. Gathering and rendering are apart; rendering is pure.

internal import DataPlane

/// The findings about this machine.
package struct ProbeReport: Sendable {
    /// A thing that a backend can use, and whether it is there.
    package struct Feature: Sendable {
        package let name: String
        package let purpose: String
        package let isAvailable: Bool
        package let isRequired: Bool
        /// Why it is missing, or empty.
        package let reason: String

        package init(
            name: String, purpose: String, isAvailable: Bool, isRequired: Bool, reason: String
        ) {
            self.name = name
            self.purpose = purpose
            self.isAvailable = isAvailable
            self.isRequired = isRequired
            self.reason = reason
        }

        fileprivate var state: String {
            isAvailable ? "found" : isRequired ? "missing, required" : "missing"
        }
    }

    private let kernelRelease: String
    private let processors: [Int]
    private let processorQuota: Int?
    private let workers: Int
    private let descriptors: HostFacts.Limit
    private let lockedMemory: HostFacts.Limit
    private let choice: BackendChoice
    private let features: [Feature]
    private let hasDirectDescriptors: Bool

    package init(
        _ host: HostFacts, choice: BackendChoice, features: [Feature],
        hasDirectDescriptors: Bool = false
    ) {
        self.hasDirectDescriptors = hasDirectDescriptors
        kernelRelease = host.kernelRelease
        processors = host.processors
        processorQuota = host.processorQuota
        workers = host.workersDefault
        descriptors = host.descriptors
        lockedMemory = host.lockedMemory
        self.choice = choice
        self.features = features
    }

    /// Tries everything out on this machine.
    package static func gather() throws(StartError) -> ProbeReport {
        let host: HostFacts
        do throws(SystemError) {
            host = try HostFacts.gather()
        } catch {
            throw StartError("cannot ask the kernel for the limits of this process: \(error)")
        }
        let ring = RingProbe.report
        let choice = try BackendChoice.decide(
            .auto, relay: .auto, ringFailure: ring.isUsable ? nil : ring.reason)
        let features = ring.features.map { feature in
            Feature(
                name: feature.name, purpose: feature.purpose, isAvailable: feature.isAvailable,
                isRequired: feature.isRequired, reason: feature.reason)
        }
        return ProbeReport(
            host, choice: choice, features: features,
            hasDirectDescriptors: ring.tableFailure == nil)
    }

    private var connectionsAllowed: Int {
        ResourceShares.connectionsAllowed(workers: workers, descriptors: descriptors.soft)
    }

    /// The same with direct descriptors; `nil` where there are none.
    private var connectionsAllowedDirect: Int? {
        guard hasDirectDescriptors else { return nil }
        let table = FileTableShares(descriptors: descriptors.soft, isHTTP: false)
        return min(table.clients * workers, ResourceShares.connectionsMax)
    }

    /// Lines for people, without a newline at the end.
    package var text: String {
        let width = features.map(\.name.count).max() ?? 0
        var lines = [
            "kernel          \(kernelRelease)",
            "processors      \(processorsText)",
            "descriptors     \(Self.limitText(descriptors)): room for \(connectionsAllowed)"
                + " connections on \(workers) worker\(workers == 1 ? "" : "s")\(directText)",
            "locked memory   \(Self.limitText(lockedMemory, unit: " bytes")):"
                + " \(lockedMemoryMeaning)",
            "auto takes      \(choice.backend.rawValue): \(choice.reason)",
            "",
            "io_uring features:",
        ]
        for feature in features {
            let padding = String(repeating: " ", count: width - feature.name.count)
            let reason = feature.reason.isEmpty ? "" : " (\(feature.reason))"
            lines.append(
                "  \(feature.name)\(padding)  \(feature.state)\(reason): \(feature.purpose)")
        }
        return lines.joined(separator: "\n")
    }

    /// The same as one line of JSON.
    package var json: String {
        JSONText.object([
            ("kernel", .string(kernelRelease)),
            ("processors", .array(processors.map { .number(UInt64($0)) })),
            ("processorQuota", processorQuota.map { .number(UInt64($0)) } ?? .null),
            ("workers", .number(UInt64(workers))),
            ("descriptors", Self.limitJSON(descriptors)),
            ("connectionsAllowed", .number(UInt64(connectionsAllowed))),
            (
                "connectionsAllowedDirect",
                connectionsAllowedDirect.map { .number(UInt64($0)) } ?? .null
            ),
            ("lockedMemoryBytes", Self.limitJSON(lockedMemory)),
            ("lockedMemoryMeaning", .string(lockedMemoryMeaning)),
            ("backend", .string(choice.backend.rawValue)),
            ("reason", .string(choice.reason)),
            ("features", .array(features.map(Self.featureJSON))),
        ]).text
    }

    private var directText: String {
        connectionsAllowedDirect.map { ", for \($0) with --direct-descriptors" } ?? ""
    }

    private var processorsText: String {
        let list = processors.map { "\($0)" }.joined(separator: ",")
        let quota = processorQuota.map { ", control group quota \($0)" } ?? ""
        return "\(list)\(quota): \(workers) worker\(workers == 1 ? "" : "s")"
    }

    /// Ring memory is charged to RLIMIT_MEMLOCK, per user, by kernels before 5.12 and again by
    /// recent ones (measured on 6.18).
    private var lockedMemoryMeaning: String {
        guard lockedMemory.soft != .max else { return "rings are not limited by it" }
        let rings = lockedMemory.soft / RingProbe.lockedBytesPerRing
        return "room for \(rings) rings, one per io_uring worker of this user"
    }

    private static func limitText(_ limit: HostFacts.Limit, unit: String = "") -> String {
        limit.soft == .max ? "unlimited" : "\(limit.soft)\(unit)"
    }

    private static func limitJSON(_ limit: HostFacts.Limit) -> JSONText {
        .object([("soft", limitJSON(limit.soft)), ("hard", limitJSON(limit.hard))])
    }

    private static func limitJSON(_ value: UInt64) -> JSONText {
        value == .max ? .null : .number(value)
    }

    private static func featureJSON(_ feature: Feature) -> JSONText {
        .object([
            ("name", .string(feature.name)),
            ("purpose", .string(feature.purpose)),
            ("available", .bool(feature.isAvailable)),
            ("required", .bool(feature.isRequired)),
            ("reason", .string(feature.reason)),
        ])
    }
}
