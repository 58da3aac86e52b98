// The access log with its thread, on files, pipes and sockets that misbehave: every record is a
// line, or is counted as lost.

import Foundation
import IntegrationSupport
import Logging
import Synchronization
import Testing

@testable import ControlPlane
@testable import DataPlane

@Suite struct AccessLogTests {
    private let directory: TemporaryDirectory
    private let told = ToldLog()

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func start(
        _ target: AccessTarget, workers: Int = 1, names: SiteNames = .made
    ) throws -> AccessLog {
        var options = Configuration.AccessLog()
        options.to = target
        options.format = try AccessFormat(parsing: "$connection $endpoint")
        return try AccessLog.start(options, workers: workers, names: names, log: told.logger)
    }

    /// - Returns: whether there was room.
    @discardableResult
    private func tell(_ log: AccessLog, _ number: Int, worker: Int = 0) -> Bool {
        var made = MadeRecord.exchange
        made.record.connection = UInt64(number)
        return made.append(to: log.rings[worker])
    }

    private func lines(_ name: String) -> [Substring] {
        let data = FileManager.default.contents(atPath: directory.file(name)) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    private func numbers(_ name: String) -> [Int] {
        lines(name).compactMap { Int($0.prefix { $0 != " " }) }
    }

    @Test func everyRecordIsALine() throws {
        let log = try start(.file(directory.file("a.log")), workers: 3)
        for number in 0..<3_000 { tell(log, number, worker: number % 3) }
        log.stop()
        #expect(numbers("a.log").sorted() == Array(0..<3_000))
        #expect(lines("a.log").allSatisfy { $0.hasSuffix(" 10.0.0.1:80") })
        #expect(log.counts == LiveReport.AccessLog(lines: 3_000, lost: 0, failures: 0))
        let mode = try FileManager.default.attributesOfItem(atPath: directory.file("a.log"))
        #expect((mode[.posixPermissions] as? Int).map { $0 & ~0o640 } == 0)
    }

    @Test func aFewLinesComeWithoutAnEnd() throws {
        let log = try start(.file(directory.file("a.log")))
        defer { log.stop() }
        for number in 0..<3 {
            tell(log, number)
            #expect(eventually { numbers("a.log").count == number + 1 })
            // Long enough to have fallen asleep, sometimes.
            pause(Double(number) * 0.12)
        }
    }

    @Test func aFileThatWasThereIsAppendedTo() throws {
        _ = try directory.write("7 before\n", to: "a.log")
        let log = try start(.file(directory.file("a.log")))
        tell(log, 8)
        log.stop()
        #expect(numbers("a.log") == [7, 8])
    }

    @Test func aFileThatCannotBeOpenedIsTold() {
        let error = #expect(throws: StartError.self) {
            try start(.file(directory.file("none/a.log")))
        }
        #expect(error?.description.contains("No such file or directory (ENOENT)") == true)
    }

    // MARK: Reopening

    @Test func aRenamedFileGetsNothingMore() throws {
        let log = try start(.file(directory.file("a.log")))
        let count = 20_000
        let traffic = Background {
            var told: [Int] = []
            for number in 0..<count {
                while !tell(log, number) { pause(0.001) }
                told.append(number)
            }
            return told.count
        }
        var parts = 0
        while !traffic.hasEnded {
            rename(directory.file("a.log"), directory.file("a.\(parts)"))
            #expect(log.reopen().verdict == .done)
            let size = lines("a.\(parts)").count
            parts += 1
            pause(0.005)
            #expect(lines("a.\(parts - 1)").count == size)
        }
        #expect(try traffic.value() == count)
        log.stop()
        let all = (0..<parts).flatMap { numbers("a.\($0)") } + numbers("a.log")
        #expect(all == Array(0..<count))
        #expect(log.counts.lines == UInt64(count))
    }

    @Test func aFileThatCannotBeReopenedStaysOpen() throws {
        let folder = directory.file("logs")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let log = try start(.file(folder + "/a.log"))
        tell(log, 1)
        #expect(eventually { log.counts.lines == 1 })
        rename(folder, directory.file("moved"))
        let outcome = log.reopen()
        #expect(outcome.verdict == .refused)
        #expect(outcome.reason?.contains("ENOENT") == true)
        tell(log, 2)
        log.stop()
        #expect(numbers("moved/a.log") == [1, 2])
    }

    // MARK: What does not take lines

    @Test func aFullDiskIsToldOnceAndCounted() throws {
        let log = try start(.file("/dev/full"))
        tell(log, 1)
        #expect(eventually { (log.counts.failures ?? 0) >= 2 })
        #expect(told.lines(.error).count == 1)
        #expect(told.lines(.error)[0].contains("cannot write to /dev/full: No space left"))
        #expect(log.counts.lines == 0 && log.counts.lost == 0)
        let start = ContinuousClock.now
        log.stop()
        #expect(start.duration(to: .now) < .seconds(3))
        #expect(log.counts.lost == 1)
        #expect(told.lines(.warning).count == 1)
    }

    /// A file in the place of a pipe that nobody reads: what had been kept is written.
    @Test func whatIsWrittenAgainHasEverything() throws {
        let path = directory.file("a.log")
        symlink("/dev/full", path)
        let log = try start(.file(path))
        for number in 0..<2_000 { tell(log, number) }
        #expect(eventually { (log.counts.failures ?? 0) > 0 })
        unlink(path)
        #expect(log.reopen().verdict == .done)
        for number in 2_000..<2_100 { tell(log, number) }
        #expect(eventually { log.counts.lines == 2_100 })
        #expect(told.lines(.info).contains { $0.contains("written again") })
        log.stop()
        #expect(numbers("a.log") == Array(0..<2_100))
        #expect(log.counts.lost == 0)
    }

    @Test func aStalledReaderLosesCountedLinesAndHoldsNobody() throws {
        let pipe = try NamedPipe(directory.file("pipe"))
        let log = try start(.file(directory.file("pipe")))
        var (taken, refused) = (0, 0)
        // More than the ring, both buffers and the pipe hold together.
        while refused < 100 {
            if tell(log, taken) { taken += 1 } else { refused += 1 }
            if (taken + refused) % 1_000 == 0 { pause(0.002) }
            try #require(taken < 1_000_000)
        }
        #expect(log.counts.lost >= 100)
        #expect(eventually { !told.lines(.warning).isEmpty })
        let start = ContinuousClock.now
        log.stop()
        #expect(start.duration(to: .now) < .seconds(3))
        let read = pipe.lines().compactMap { Int($0.prefix { $0 != " " }) }
        let counts = log.counts
        // What was taken is a prefix, whole lines but for the last.
        #expect(read.dropLast() == Array(0..<read.count - 1)[...])
        #expect(counts.lines + counts.lost == UInt64(taken + refused))
        #expect(abs(Int(counts.lines) - read.count) <= 1)
    }

    @Test func aReaderThatComesBackGetsTheRest() throws {
        let pipe = try NamedPipe(directory.file("pipe"))
        let log = try start(.file(directory.file("pipe")))
        for number in 0..<5_000 { while !tell(log, number) { pause(0.001) } }
        pause(0.1)
        var lines: [Substring] = []
        let reading = Background { pipe.lines(5_000) }
        lines = try reading.value()
        #expect(lines.compactMap { Int($0.prefix { $0 != " " }) } == Array(0..<5_000))
        log.stop()
        #expect(log.counts == LiveReport.AccessLog(lines: 5_000, lost: 0, failures: 0))
    }

    @Test func syslogGetsADatagramForEachLine() throws {
        let path = directory.file("log")
        // Nobody there yet.
        let log = try start(.syslog(path))
        for number in 0..<3 { tell(log, number) }
        #expect(eventually { (log.counts.failures ?? 0) > 0 })
        var socket = try DatagramSocket(path)
        let first = try #require(socket.receive())
        let frame = try Regex(
            #"<134>[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d gyre\[\d+\]: 0 10\.0\.0\.1:80"#)
        #expect(try frame.wholeMatch(in: first) != nil, "\(first)")
        for number in 1..<3 {
            #expect(socket.receive()?.hasSuffix(": \(number) 10.0.0.1:80") == true)
        }
        // It goes away, and comes back.
        socket.close()
        tell(log, 3)
        pause(0.1)
        socket = try DatagramSocket(path)
        #expect(socket.receive()?.hasSuffix(": 3 10.0.0.1:80") == true)
        // It is there and reads nothing: the queue of a socket is short.
        for number in 4..<2_000 { while !tell(log, number) { pause(0.001) } }
        pause(0.1)
        for number in 4..<2_000 {
            #expect(socket.receive()?.hasSuffix(": \(number) 10.0.0.1:80") == true)
        }
        log.stop()
        #expect(log.counts.lines == 2_000 && log.counts.lost == 0)
        socket.close()
    }

    // MARK: Names

    @Test func recordsHaveTheNamesOfTheirTime() throws {
        let log = try start(.file(directory.file("a.log")))
        for round in 0..<100 {
            for number in 0..<10 { tell(log, number) }
            log.setNames(.named(endpoint: "host-\(round)"))
        }
        log.stop()
        let expected = (0..<100).flatMap { round in
            Array(repeating: round == 0 ? "10.0.0.1:80" : "host-\(round - 1)", count: 10)
        }
        #expect(lines("a.log").map { String($0.split(separator: " ")[1]) } == expected)
    }

    /// Nobody waits for a reader because of a name: what cannot be named any more is lost.
    @Test func newNamesDoNotWaitForAStalledReader() throws {
        let pipe = try NamedPipe(directory.file("pipe"))
        let log = try start(.file(directory.file("pipe")))
        var taken = 0
        while tell(log, taken) || log.counts.lost == 0 {
            taken += 1
            if taken % 1_000 == 0 { pause(0.002) }
        }
        log.setNames(.named(endpoint: "other"))
        tell(log, taken)
        let reading = Background { pipe.lines(until: "other") }
        let lines = try reading.value()
        #expect(lines.last?.hasSuffix("other") == true)
        #expect(lines.dropLast().allSatisfy { $0.hasSuffix("10.0.0.1:80") })
        log.stop()
    }
}

@Suite struct AccessPaceTests {
    @Test func fewRecordsAreLeftAloneForLong() {
        var pace = AccessPace()
        for _ in 0..<10 { pace.note(busiestBytes: 300, nowNs: 1) }
        #expect(pace.waitMs == AccessPace.longestMs)
        pace.noteSleep()
        #expect(pace.waitMs == 1)
    }

    @Test func manyAreFetchedBeforeTheRingIsFull() {
        var pace = AccessPace()
        // 20 MB/s, as 50,000 requests a second on one worker make them.
        for _ in 0..<20 { pace.note(busiestBytes: 20_000 * Int(pace.waitMs), nowNs: 1) }
        #expect((5...20).contains(pace.waitMs))
        // Ten times as much, from one moment to the next: the next looks are soon.
        pace.note(busiestBytes: 200_000 * Int(pace.waitMs), nowNs: 1)
        #expect(pace.waitMs <= 2)
    }

    @Test func itSleepsAfterAWhileOnly() {
        var pace = AccessPace()
        pace.note(busiestBytes: 1, nowNs: 1_000_000_000)
        #expect(!pace.isQuiet(nowNs: 1_049_000_000))
        pace.note(busiestBytes: 0, nowNs: 1_049_000_000)
        #expect(pace.isQuiet(nowNs: 1_050_000_000))
    }
}

/// What the process's log was told.
private final class ToldLog: Sendable {
    private let told = Mutex<[(level: Logger.Level, line: String)]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    func lines(_ level: Logger.Level) -> [String] {
        told.withLock { $0.filter { $0.level == level }.map(\.line) }
    }

    private struct Handler: LogHandler {
        let log: ToldLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.told.withLock { $0.append((event.level, "\(event.message)")) }
        }
    }
}

/// A pipe with a name, whose reading end is open and waits for nobody.
private final class NamedPipe: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        guard mkfifo(path, 0o600) == 0 else { throw TestFailure("mkfifo: \(errno)") }
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestFailure("open: \(errno)") }
    }

    deinit { close(descriptor) }

    /// Reads until there are so many lines, or nothing more for a while.
    func lines(_ count: Int = .max, until ending: String? = nil) -> [Substring] {
        var text: [UInt8] = []
        var lines = 0
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let deadline = Deadline(after: 10)
        var quiet = Deadline(after: 2)
        while lines < count, !deadline.hasPassed, !quiet.hasPassed {
            let got = read(descriptor, &chunk, chunk.count)
            if got == 0 { break }
            if got < 0 {
                pause(0.002)
                continue
            }
            quiet = Deadline(after: 2)
            text += chunk.prefix(got)
            lines += chunk.prefix(got).count { $0 == 0x0A }
            if let ending, text.suffix(ending.utf8.count + 1).dropLast() == Array(ending.utf8)[...]
            {
                break
            }
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }
}

/// A syslog socket.
private struct DatagramSocket {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        unlink(path)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw TestFailure("bind: \(errno)") }
    }

    /// The next datagram; `nil` when none comes within 5 s.
    func receive() -> String? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 5_000) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    func close() {
        Glibc.close(descriptor)
        unlink(path)
    }
}
