// swift-tools-version: 6.2
// One data-plane module on purpose: by default the compiler does not carry functions that call C
// across module borders, so all code between a completion and the next submission is one unit.
import PackageDescription

// Existential boxes must be visible (`any`), imports stay private to the file that needs them,
// and every use of an unsafe construct carries the word `unsafe`, so it can be found by grep.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// Release only: the standard library itself is built this way. Debug builds and the tests keep the
// run-time exclusivity checks. Never -Ounchecked: it deletes preconditions with their conditions.
let dataPath: [SwiftSetting] =
    strict + [
        // For properties that hand out spans of memory they own.
        .enableExperimentalFeature("Lifetimes"),
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ]

let tests: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "gyre",
    products: [
        .executable(name: "gyre", targets: ["gyre"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLiburing", pkgConfig: "liburing", providers: [.apt(["liburing-dev"])]),
        .systemLibrary(
            name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
        .target(name: "CLinux"),
        // What a browser is sent by the admin address.
        .target(name: "CDashboard", exclude: ["Page", "Screenshots"]),
        .target(name: "Protocols", swiftSettings: strict),
        .target(
            name: "DataPlane",
            dependencies: ["CLiburing", "CLinux", "Protocols"],
            swiftSettings: dataPath),
        .target(
            name: "ControlPlane",
            dependencies: [
                "CAres", "CDashboard", "CLinux", "Protocols", "DataPlane",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        // Origins and load for `gyre demo` and `gyre bench`; nothing that serves depends on it.
        .target(
            name: "LoadGeneration",
            dependencies: [
                "CLinux", "Protocols", "DataPlane", "ControlPlane",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "gyre",
            dependencies: [
                "CLinux", "ControlPlane", "DataPlane", "LoadGeneration", "Protocols",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // Process control and byte-checked load for the tests that run the real program.
        .target(
            name: "IntegrationSupport", path: "Tests/IntegrationSupport", swiftSettings: tests),
        .testTarget(
            name: "IntegrationTests", dependencies: ["IntegrationSupport"],
            // Run or built by the tests: scripts, and a library to preload into the program.
            exclude: [
                "Lifecycle/deny_io_uring.py", "Faults/flood_origin.py", "Cost/allocation_counter.c",
                "HTTP/behaving_origin.py", "HTTP/python_clients.py",
                "HTTP/websocket_origin.py", "HTTP/websocket_client.py", "HTTP/git_origin.py",
                "Names/dns_server.py",
                "Observe/browser.py", "Observe/live_server.py", "Observe/dashboard_page.py",
                "Observe/dashboard_process.py", "Observe/dashboard_shots.py",
            ],
            swiftSettings: tests),
        .testTarget(
            name: "ProtocolsTests", dependencies: ["Protocols"], swiftSettings: tests),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "gyre", "ControlPlane", "DataPlane", "LoadGeneration", "Protocols",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: [
                "ControlPlane", "DataPlane", "Protocols", "IntegrationSupport", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            // Read by the tests, in their places.
            exclude: ["Configuration/Broken", "Configuration/validate.py"],
            swiftSettings: tests),
        .testTarget(
            name: "LoadGenerationTests",
            dependencies: ["ControlPlane", "DataPlane", "LoadGeneration", "Protocols"],
            swiftSettings: tests),
        .testTarget(name: "StyleTests", swiftSettings: tests),
        .target(
            name: "TestSupport",
            dependencies: ["CLinux", "Protocols", "DataPlane"],
            path: "Tests/TestSupport",
            swiftSettings: tests),
        // Small things that workers do all the time; `Benchmarks/micro` counts their instructions.
        .executableTarget(
            name: "micro",
            dependencies: ["CLinux", "DataPlane", "Protocols", "TestSupport"],
            path: "Benchmarks/Micro", exclude: ["Limits"],
            // As the sources need it that are linked into it.
            swiftSettings: tests + [
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableExperimentalFeature("Lifetimes"),
            ]),
        .testTarget(
            name: "DataPlaneTests",
            dependencies: ["CLinux", "DataPlane", "Protocols", "TestSupport"],
            swiftSettings: tests),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["DataPlane", "Protocols", "TestSupport"],
            swiftSettings: tests),
    ]
)
