// A real HTTP origin: nginx in one process, with its files in a temporary directory.

import Foundation

/// A running nginx that serves `/small` and `/big`, and stores what is PUT under `/stored/`.
public final class NginxOrigin: Sendable {
    public let address: PeerAddress
    public let process: ChildProcess
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - bigBytes: the size of `/big`, filled from `Pattern(seed: 7)`.
    ///   - launcher: a command that is put in front.
    ///   - listenOptions: of nginx's `listen`, to be added.
    ///   - locations: of its server, to be added.
    public init(
        bigBytes: Int = 0, launcher: [String] = [], listenOptions: String = "",
        locations: String = ""
    ) throws {
        let directory = try TemporaryDirectory()
        try Self.fill(directory, bigBytes: bigBytes)
        self.directory = directory
        (process, address) = try withFreePort { port in
            let configuration = try directory.write(
                Self.configuration(directory.path, port, listenOptions, locations),
                to: "nginx.conf")
            let process = try ChildProcess(
                launcher + [
                    "nginx", "-p", directory.path, "-c", configuration,
                    "-e", directory.file("error.log"),
                ])
            let address = PeerAddress.loopback4(port: port)
            let isUp = eventually {
                process.exitStatus != nil || (try? Connection(to: address)) != nil
            }
            return isUp && process.exitStatus == nil ? (process, address) : nil
        }
    }

    /// Starts one again after its end, at the same address and with the same files.
    public init(inPlaceOf other: NginxOrigin) throws {
        (directory, address) = (other.directory, other.address)
        let (directory, address) = (directory, address)
        var started: ChildProcess?
        let isUp = eventually {
            if started?.exitStatus != nil || started == nil {
                started = try? ChildProcess(
                    [
                        "nginx", "-p", directory.path, "-c", directory.file("nginx.conf"),
                        "-e", directory.file("error.log"),
                    ])
            }
            return (try? Connection(to: address)) != nil
        }
        guard isUp, let started else { throw TestFailure("nginx does not start again") }
        process = started
    }

    deinit {
        process.signal(SIGTERM)
        _ = try? process.wait(within: 5)
    }

    /// The file behind a path of a URL.
    public func file(_ path: String) -> String { directory.file("root" + path) }

    private static func fill(_ directory: TemporaryDirectory, bigBytes: Int) throws {
        let files = FileManager.default
        for name in ["root", "root/stored", "temporary"] {
            try files.createDirectory(
                atPath: directory.file(name), withIntermediateDirectories: true)
        }
        _ = try directory.write(String(repeating: "x", count: 64), to: "root/small")
        _ = try directory.write("", to: "root/big")
        let big = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("root/big")))
        let pattern = Pattern(seed: 7)
        for position in stride(from: 0, to: bigBytes, by: Pattern.chunkBytesMax) {
            let count = min(Pattern.chunkBytesMax, bigBytes - position)
            try big.write(contentsOf: Data(pattern.chunk(at: position, count: count)))
        }
        try big.close()
    }

    /// One process without a master: what we start is what we end. No keep-alive limit, which
    /// would cut a measurement, and no sendfile, which would make a small answer two writes.
    private static func configuration(
        _ directory: String, _ port: UInt16, _ listenOptions: String, _ locations: String
    ) -> String {
        """
        daemon off;
        master_process off;
        pid \(directory)/nginx.pid;
        worker_rlimit_nofile 8192;
        events { worker_connections 4096; }
        http {
            access_log off;
            tcp_nodelay on;
            keepalive_requests 1000000000;
            client_max_body_size 0;
            client_body_temp_path \(directory)/temporary;
            proxy_temp_path \(directory)/temporary;
            fastcgi_temp_path \(directory)/temporary;
            uwsgi_temp_path \(directory)/temporary;
            scgi_temp_path \(directory)/temporary;
            server {
                listen 127.0.0.1:\(port) backlog=4096 \(listenOptions);
                root \(directory)/root;
                location /stored/ { dav_methods PUT; }
                \(locations)
            }
        }
        """
    }
}
