// Peers that die or freeze mid-transfer. After each: nothing hangs, nothing is kept.

import Foundation
import IntegrationSupport
import Testing

extension Integration {
    @Suite struct PeerDeath {
        private static let bigBytes = 16 << 20

        @Test(arguments: Route.all)
        func originKilledMidTransfer(_ route: Route) throws {
            let script = Product.root + "/Tests/IntegrationTests/Faults/flood_origin.py"
            let origin = try ChildProcess(["/usr/bin/python3", script])
            #expect(eventually { origin.output.hasSuffix("\n") })
            let port = try #require(UInt16(origin.output.dropLast()))
            let gyre = try GyreProcess(to: .loopback4(port: port), route: route)
            let base = try gyre.usage.descriptorCount()
            let clients = try (0..<4).map { _ in try gyre.connect() }
            let pattern = Pattern(seed: 51)
            let senders = clients.map { client in
                Background { try client.send(pattern, count: .max) }
            }
            let receivers = clients.map { client in Background { client.drain() } }
            pause(0.3)
            #expect(try gyre.counters().flowsActive == clients.count)
            #expect(!senders.contains { $0.hasEnded } && !receivers.contains { $0.hasEnded })
            origin.signal(SIGKILL)
            for receiver in receivers { #expect(try receiver.value(within: 3) > 0) }
            for sender in senders {
                #expect(throws: SocketError.self) { try sender.value(within: 3) }
            }
            try gyre.awaitRest(descriptors: base, flowsAtOnce: clients.count)
        }

        /// All routes side by side: what takes time here is slow clients.
        @Test func clientsKilledMidTransfer() throws {
            let nginx = try NginxOrigin(bigBytes: Self.bigBytes)
            let scenes = try Route.all.map { try Scene($0, nginx) }
            var curls = try scenes.map { try $0.startTransfers(rate: "8M") }
            pause(0.5)
            for scene in scenes {
                #expect(try scene.gyre.counters().flowsActive == Scene.transfers)
            }
            curls.joined().forEach { $0.signal(SIGKILL) }
            for scene in scenes { try scene.awaitRest() }
            // And gyre still serves.
            curls = try scenes.map { try $0.startTransfers(rate: "1G") }
            for (scene, curls) in zip(scenes, curls) { try scene.expectIntact(curls) }
        }

        @Test func frozenPeersGoOnWhereTheyStopped() throws {
            let nginx = try NginxOrigin(bigBytes: Self.bigBytes)
            let scenes = try Route.all.map { try Scene($0, nginx) }
            let curls = try scenes.map { try $0.startTransfers(rate: "8M") }
            pause(0.3)
            curls.joined().forEach { $0.signal(SIGSTOP) }
            pause(1.5)
            curls.joined().forEach { $0.signal(SIGCONT) }
            pause(0.2)
            nginx.process.signal(SIGSTOP)
            pause(1.5)
            nginx.process.signal(SIGCONT)
            for (scene, curls) in zip(scenes, curls) { try scene.expectIntact(curls) }
            for scene in scenes { try scene.awaitRest() }
        }
    }
}

/// A gyre on one route with curl clients, slow enough to be caught in the middle of a transfer.
private struct Scene {
    /// Downloads, and one upload.
    static let transfers = 3

    let gyre: GyreProcess
    private let route: Route
    private let nginx: NginxOrigin
    private let directory: TemporaryDirectory
    private let base: Int

    init(_ route: Route, _ nginx: NginxOrigin) throws {
        self.route = route
        self.nginx = nginx
        gyre = try GyreProcess(to: nginx.address, route: route)
        directory = try TemporaryDirectory()
        base = try gyre.usage.descriptorCount()
    }

    /// - Parameter rate: bytes a second for each transfer, as curl takes it.
    func startTransfers(rate: String) throws -> [ChildProcess] {
        let curl = ["curl", "-sS", "-f", "--max-time", "20", "--limit-rate", rate]
        let url = "http://\(gyre.address)"
        let upload = try ChildProcess(curl + ["-T", nginx.file("/big"), url + stored])
        let downloads = try (1..<Self.transfers).map {
            try ChildProcess(curl + ["-o", directory.file("copy\($0)"), url + "/big"])
        }
        return [upload] + downloads
    }

    func expectIntact(_ curls: [ChildProcess]) throws {
        for curl in curls where try curl.wait(within: 25) != .exited(0) {
            throw TestFailure("\(route): \(curl.errorOutput)")
        }
        let copies = (1..<Self.transfers).map { directory.file("copy\($0)") }
        let files = [nginx.file("/big"), nginx.file(stored)] + copies
        let sums = try ChildProcess.run(["sha256sum"] + files).output.split(separator: "\n")
        guard sums.count == files.count, Set(sums.map { $0.prefix(64) }).count == 1 else {
            throw TestFailure("\(route): \(sums)")
        }
    }

    func awaitRest() throws {
        try gyre.awaitRest(descriptors: base, flowsAtOnce: Self.transfers)
    }

    private var stored: String { "/stored/\(route.backend.rawValue)-\(route.relay)" }
}
