// What io_uring can do here, found by doing it: a ring is made, each operation asked for, and the
// reactor itself run over a socket pair. Set-up time only, any thread.

internal import CLiburing
internal import CLinux
internal import Glibc

/// One thing that Gyre uses of io_uring, and whether it is there.
package struct RingFeature: Sendable {
    package let name: String
    package let purpose: String
    /// Without it the io_uring backend is not used at all.
    package let isRequired: Bool
    package let isAvailable: Bool
    /// Why it is missing; empty when it is there.
    package let reason: String
}

/// The outcome of a probe.
package struct RingReport: Sendable {
    package let features: [RingFeature]
    /// Why io_uring cannot be used; empty when it can.
    package let reason: String
    /// What workers may use beyond the required.
    package let detected: RingFeatures

    package var isUsable: Bool { reason.isEmpty }

    /// Why sockets cannot live in the ring's file table; `nil` when they can.
    package var tableFailure: String? {
        guard isUsable else { return "io_uring cannot be used: \(reason)" }
        return detected.contains(.directDescriptors)
            ? nil
            : features.first { $0.name == RingProbe.directName }.map {
                "\($0.reason); expected \($0.purpose)"
            }
    }
}

/// Tries io_uring out.
package enum RingProbe {
    /// Locked memory that one worker's ring and buffer ring are charged, in bytes: 512 submission
    /// entries, 4096 completions and 1024 buffer slots, rounded up.
    package static let lockedBytesPerRing: UInt64 = 128 * 1024

    fileprivate static let directName = "direct-descriptors"

    /// What was found on this machine; probed once, when first asked for.
    package static let report = run()

    private static func run() -> RingReport {
        var list = FeatureList()
        let setUp: SystemError?
        do throws(SystemError) {
            let ring = try Ring(entries: 64, completionsPerEntry: 2)
            setUp = nil
            examine(ring, &list)
        } catch {
            setUp = error
        }
        list.add(
            "ring", "io_uring_setup with SINGLE_ISSUER and DEFER_TASKRUN, kernel 6.1",
            required: true,
            missing: setUp.map(explain) ?? "")
        guard list.reason.isEmpty else {
            return RingReport(features: list.features, reason: list.reason, detected: [])
        }
        list.add(
            "self-test", "receive, send and close over a socket pair", required: true,
            missing: selfTest(features: []) ?? "")
        let capped = selfTest(features: .cappedReceive)
        list.add(
            "capped-receive", "multishot receive that stops after its credit, kernel 6.17",
            required: false, missing: capped ?? "")
        if capped == nil { list.detected.insert(.cappedReceive) }
        let direct = list.directRefusal ?? selfTest(features: list.detected, isDirect: true)
        list.add(
            directName, "sockets in the ring's own file table, kernel 6.15",
            required: false, missing: direct ?? "")
        if direct == nil { list.detected.insert(.directDescriptors) }
        return RingReport(
            features: list.features, reason: list.reason,
            detected: list.reason.isEmpty ? list.detected : [])
    }

    private static func examine(_ ring: borrowing Ring, _ list: inout FeatureList) {
        let bits = ring.featureBits
        list.add(
            "core", "NODROP, SUBMIT_STABLE, FAST_POLL, EXT_ARG, CQE_SKIP and LINKED_FILE",
            required: true,
            missing: bits & GYRE_FEATURES_REQUIRED == GYRE_FEATURES_REQUIRED
                ? "" : "the kernel lacks some of them (features \(String(bits, radix: 16)))")
        let operations: [(String, io_uring_op)] = [
            ("accept", IORING_OP_ACCEPT), ("connect", IORING_OP_CONNECT),
            ("receive", IORING_OP_RECV), ("send", IORING_OP_SEND),
            ("sendmsg", IORING_OP_SENDMSG), ("poll", IORING_OP_POLL_ADD),
            ("cancel", IORING_OP_ASYNC_CANCEL), ("close", IORING_OP_CLOSE),
            ("splice", IORING_OP_SPLICE),
        ]
        for (name, operation) in operations {
            list.add(
                name, "the \(name) operation", required: true,
                missing: ring.supports([operation]) ? "" : "the kernel does not know it")
        }
        list.addOptional(
            .minimumWait, "minimum-wait", "one wait for several completions, kernel 6.12",
            isAvailable: bits & GYRE_FEAT_MIN_TIMEOUT != 0)
        list.addOptional(
            .noIOWait, "no-iowait", "a waiting worker is not shown as waiting for a disk, 6.15",
            isAvailable: bits & GYRE_FEAT_NO_IOWAIT != 0)
        // Before 6.13 one idle request on a file of the table kept every file that was closed after
        // it from being closed (7029acd8a950), which no bit and no test in passing shows. RECV_ZC
        // came with 6.15.
        if ring.lastOperation < GYRE_OP_RECEIVE_ZERO_COPY {
            list.directRefusal = "the kernel is older"
        }
    }

    private static func explain(_ error: SystemError) -> String {
        switch error.code {
        case ENOSYS: return "this kernel or sandbox has no io_uring (\(error.name))"
        case EINVAL: return "the kernel is older than 6.1 (\(error.name))"
        case ENOMEM: return "the memory-lock limit is too small for a ring (\(error.name))"
        case EPERM:
            let setting = disabledSetting
            return setting > 0
                ? "kernel.io_uring_disabled is \(setting) (\(error.name))"
                : "not permitted, most likely by a seccomp filter such as Docker's (\(error.name))"
        default: return "\(error)"
        }
    }

    /// kernel.io_uring_disabled (6.6): 0 for all, 1 for io_uring_group only, 2 for nobody.
    private static var disabledSetting: Int {
        guard let file = unsafe fopen("/proc/sys/kernel/io_uring_disabled", "r") else { return 0 }
        defer { unsafe fclose(file) }
        return Int(unsafe fgetc(file)) - 0x30
    }

    /// Sends bytes to a reactor over a socket pair and lets it send them back.
    ///
    /// - Returns: what went wrong; `nil` when nothing did.
    private static func selfTest(features: RingFeatures, isDirect: Bool = false) -> String? {
        var ends = (Int32(-1), Int32(-1))
        let made = unsafe withUnsafeMutableBytes(of: &ends) {
            unsafe gyre_socket_pair($0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard made >= 0 else { return "\(SystemError(code: -made))" }
        defer { _ = gyre_close(ends.1) }
        do throws(SystemError) {
            var reactor = try IOUringReactor(
                features: features, socketsMax: 8, buffersMax: 64, pipesMax: 1,
                isDirect: isDirect)
            var socket = Descriptor(raw: ends.0)
            ends.0 = -1
            if isDirect {
                guard let file = try? reactor.moveIntoTable(socket) else {
                    return "the file table takes no socket"
                }
                socket = file
            }
            return echo(socket, peer: ends.1, on: &reactor)
        } catch {
            if ends.0 >= 0 { _ = gyre_close(ends.0) }
            return "\(error)"
        }
    }

    private static func echo(
        _ descriptor: Descriptor, peer: Int32, on reactor: inout IOUringReactor
    ) -> String? {
        guard let socket = try? reactor.adopt(descriptor, owner: 1) else { return "no slot" }
        defer { settle(socket, on: &reactor) }
        var byte: UInt8 = 0x47
        var segment = unsafe iovec()
        let sent = unsafe withUnsafeMutablePointer(to: &byte) { pointer in
            unsafe segment.iov_base = UnsafeMutableRawPointer(pointer)
            unsafe segment.iov_len = 1
            return unsafe gyre_send(peer, &segment, 1, 0)
        }
        guard sent == 1 else { return "the socket pair does not work" }
        reactor.receive(socket, credit: 64)
        guard let received = next(.receive, on: &reactor) else { return "no receive completed" }
        guard received.result == 1 else {
            return "receive failed: \(SystemError(code: -received.result))"
        }
        var chain = BufferChain()
        chain.append(received.buffer, in: reactor.buffers)
        reactor.send(socket, chain, isAwaited: true, endsNext: false)
        guard let back = next(.send, on: &reactor), back.result == 1 else {
            return "no send completed"
        }
        return nil
    }

    private static func settle(_ socket: SocketID, on reactor: inout IOUringReactor) {
        reactor.close(socket, reset: false)
        _ = next(.close, on: &reactor)
    }

    private static func next(
        _ operation: Operation, on reactor: inout IOUringReactor
    ) -> Completion? {
        var batch = CompletionBatch(capacity: 64)
        for _ in 0..<10 {
            batch.removeAll()
            reactor.turn(deadlineNs: reactor.nowNs + 100_000_000, into: &batch)
            for position in 0..<batch.count where batch[position].operation == operation {
                return batch[position]
            }
        }
        return nil
    }
}

/// Collects findings; the first missing requirement is the reason.
private struct FeatureList {
    var features: [RingFeature] = []
    var reason = ""
    var detected: RingFeatures = []
    /// Why direct descriptors need not be tried.
    var directRefusal: String?

    mutating func add(_ name: String, _ purpose: String, required: Bool, missing: String) {
        features.append(
            RingFeature(
                name: name, purpose: purpose, isRequired: required, isAvailable: missing.isEmpty,
                reason: missing))
        if required && reason.isEmpty && !missing.isEmpty { reason = "\(name): \(missing)" }
    }

    mutating func addOptional(
        _ feature: RingFeatures, _ name: String, _ purpose: String, isAvailable: Bool
    ) {
        add(name, purpose, required: false, missing: isAvailable ? "" : "the kernel is older")
        if isAvailable { detected.insert(feature) }
    }
}
