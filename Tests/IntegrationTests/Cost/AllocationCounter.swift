// The library that counts a program's heap allocations from within, and its count.

import Foundation
import IntegrationSupport

/// Builds the counting library and reads its count.
struct AllocationCounter {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let source = Product.root + "/Tests/IntegrationTests/Cost/allocation_counter.c"
        let build = try ChildProcess.run([
            "cc", "-std=gnu11", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", source,
            "-o", directory.file("counter.so"),
        ])
        guard build.status == .exited(0) else { throw TestFailure("cc: \(build.errorOutput)") }
    }

    /// What a program has to be started with to be counted.
    var environment: [String: String] {
        [
            "LD_PRELOAD": directory.file("counter.so"),
            "ALLOCATION_COUNT_FILE": directory.file("count"),
        ]
    }

    /// Allocations since the program started.
    func count() throws -> UInt64 {
        let path = directory.file("count")
        guard let data = FileManager.default.contents(atPath: path), data.count == 8 else {
            throw TestFailure("the preloaded library wrote no count")
        }
        return data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}
