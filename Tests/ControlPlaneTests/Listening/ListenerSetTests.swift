// Listening sockets on loopback and in a temporary folder: ports that are taken, siblings of one
// address, stale and living socket files.

import ControlPlane
import DataPlane
import Foundation
import Protocols
import Testing

@Suite struct ListenerSetTests {
    private func open(_ texts: String..., workers: Int = 2) throws -> ListenerSet {
        let addresses = try texts.map { try AddressText(parsing: $0) }
        return try ListenerSet.open(
            [ListenRequest(name: "test", addresses: addresses)], workers: workers, queueMax: 64)
    }

    @Test func everyWorkerGetsASocketOfEveryAddress() throws {
        let set = try open("127.0.0.1:0", "[::1]:0", workers: 3)
        defer { set.close() }
        #expect(set.listeners.count == 2)
        #expect(set.listeners.allSatisfy { ($0.address.port ?? 0) > 0 })
        let sockets = (0..<3).flatMap {
            ListenerSet.sockets(set.listeners, ofWorker: $0, ids: ["test": 0])
        }.map(\.descriptor)
        #expect(Set(sockets.map(\.raw)).count == 6)
        let ports = try sockets.map { try SocketAddress.local(of: $0).port }
        #expect(Set(ports).count == 2)
    }

    @Test func allAddressesShareAFreePort() throws {
        let set = try open(":0")
        defer { set.close() }
        #expect(Set(set.listeners.map { $0.address.port }).count == 1)
        #expect(set.listeners.map { $0.address.isIPv6 }.contains(false))
    }

    @Test func aPortInUseIsRefusedAlsoToASibling() throws {
        let first = try open("127.0.0.1:0")
        defer { first.close() }
        let address = "\(first.listeners[0].address)"
        let error = #expect(throws: StartError.self) { try open(address) }
        let line = try #require(error).description
        #expect(line.contains(address) && line.contains("EADDRINUSE"))
    }

    @Test func aFreedPortCanBeHadAgain() throws {
        let first = try open("127.0.0.1:0")
        let address = "\(first.listeners[0].address)"
        first.close()
        let second = try open(address)
        defer { second.close() }
        #expect("\(second.listeners[0].address)" == address)
    }

    @Test func oneFailureClosesAll() throws {
        let first = try open("127.0.0.1:0")
        let taken = "\(first.listeners[0].address)"
        let folder = try TemporaryFolder()
        #expect(throws: StartError.self) { try open("unix:\(folder.path)/s", taken) }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/s"))
        first.close()
    }

    @Test func anUnknownNameIsNamed() throws {
        let error = #expect(throws: StartError.self) { try open("no-such-host.invalid:1") }
        #expect(try #require(error).description.contains("'no-such-host.invalid'"))
    }

    @Test func namesAreUsedWithAllTheirAddresses() throws {
        let set = try open("localhost:0", workers: 1)
        defer { set.close() }
        #expect(set.listeners.map { "\($0.address)" }.contains { $0.hasPrefix("127.0.0.1:") })
    }
}

@Suite struct UnixListenerTests {
    private func open(_ path: String, workers: Int = 2) throws -> ListenerSet {
        try ListenerSet.open(
            [ListenRequest(name: "test", addresses: [.unix(path: path)])], workers: workers,
            queueMax: 64)
    }

    @Test func theFileComesAndGoes() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/listener"
        let set = try open(path, workers: 3)
        #expect("\(set.listeners[0].address)" == "unix:\(path)")
        let sockets = (0..<3).flatMap {
            ListenerSet.sockets(set.listeners, ofWorker: $0, ids: ["test": 0])
        }
        #expect(Set(sockets.map(\.descriptor.raw)).count == 3)
        #expect(FileManager.default.fileExists(atPath: path))
        set.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aStaleFileIsReplaced() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/listener"
        let stale = try open(path)
        // A hard link outlives `close`, which removes the name: a socket file without a server.
        try FileManager.default.linkItem(atPath: path, toPath: path + ".kept")
        stale.close()
        try FileManager.default.moveItem(atPath: path + ".kept", toPath: path)
        let set = try open(path)
        set.close()
    }

    @Test func aLivingOneIsInUse() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/listener"
        let first = try open(path)
        defer { first.close() }
        let error = #expect(throws: StartError.self) { try open(path) }
        #expect(try #require(error).description.contains("EADDRINUSE"))
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func aFileOfAnotherKindIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/notes"
        try Data("keep".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: StartError.self) { try open(path) }
        #expect(try #require(error).description.contains("ENOTSOCK"))
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("keep".utf8))
    }

    @Test func aSuccessorsFileIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/listener"
        let first = try open(path)
        try FileManager.default.removeItem(atPath: path)
        let second = try open(path)
        first.close()
        #expect(FileManager.default.fileExists(atPath: path))
        second.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aMissingFolderIsSaid() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: StartError.self) { try open(folder.path + "/none/listener") }
        #expect(try #require(error).description.contains("folder does not exist"))
    }
}

/// A folder that is removed with the value's life.
private final class TemporaryFolder {
    let path: String

    init() throws {
        path = "/tmp/gyre-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
