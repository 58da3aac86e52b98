// Control groups: the texts of both versions, and the smallest limit on the way to the root.

import ControlPlane
import Testing

@Suite struct ControlGroupTests {
    @Test(
        arguments: [
            ("max 100000\n", nil), ("100000 100000\n", 1), ("150000 100000\n", 2),
            ("50000 100000\n", 1), ("200001 100000\n", 3), ("", nil), ("100000", nil),
            ("x 100000\n", nil), ("100000 0\n", nil), ("0 100000\n", nil), ("1 2 3\n", nil),
            ("99999999999999999999999 100000\n", nil),
        ] as [(String, Int?)])
    func readsVersion2(text: String, processors: Int?) {
        #expect(ControlGroup.processors(version2: text) == processors)
    }

    @Test(
        arguments: [
            ("-1\n", "100000\n", nil), ("250000\n", "100000\n", 3), ("10000\n", "100000\n", 1),
            (nil, "100000\n", nil), ("100000\n", nil, nil), ("0\n", "100000\n", nil),
        ] as [(String?, String?, Int?)])
    func readsVersion1(quota: String?, period: String?, processors: Int?) {
        #expect(ControlGroup.processors(quota: quota, period: period) == processors)
    }

    @Test func ancestorsEndAtTheRoot() {
        #expect(ControlGroup.ancestors(of: "/a/b") == ["/a/b", "/a", ""])
        #expect(ControlGroup.ancestors(of: "/") == [""])
        #expect(ControlGroup.ancestors(of: "") == [""])
    }

    private func limits(_ membership: String, _ files: [String: String]) -> ControlGroup {
        ControlGroup.limits(membership: membership) { files[$0] }
    }

    @Test func smallestLimitOfVersion2Counts() {
        let found = limits(
            "0::/app/web\n",
            [
                "/sys/fs/cgroup/app/web/cpu.max": "max 100000\n",
                "/sys/fs/cgroup/app/cpu.max": "300000 100000\n",
                "/sys/fs/cgroup/cpu.max": "800000 100000\n",
                "/sys/fs/cgroup/app/web/memory.max": "1073741824\n",
                "/sys/fs/cgroup/app/memory.max": "max\n",
            ])
        #expect(found.processorsMax == 3)
        #expect(found.memoryBytesMax == 1 << 30)
    }

    @Test func version1HierarchiesAreReadApart() {
        let found = limits(
            "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n2:cpuset:/\n0::/\n",
            [
                // The container sees its own group at the root of the mount.
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
            ])
        #expect(found.processorsMax == 2)
        #expect(found.memoryBytesMax == 512 << 20)
    }

    @Test func noLimitIsNoLimit() {
        let found = limits(
            "4:memory:/\n3:cpu:/\nnonsense\n0::/\n",
            [
                "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            ])
        #expect(found.processorsMax == nil)
        #expect(found.memoryBytesMax == nil)
    }

    @Test func theMachineCanBeAsked() throws {
        let host = try HostFacts.gather()
        #expect(!host.processors.isEmpty)
        #expect((1...host.processors.count).contains(host.workersDefault))
        #expect(host.memoryBytes > 1 << 20)
        #expect(host.descriptors.soft == host.descriptors.hard)
        #expect(host.kernelRelease.first?.isNumber == true)
    }
}
