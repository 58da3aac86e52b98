// requests and aiohttp through gyre; what they check is in their script.

import Foundation
import IntegrationSupport
import Testing

extension Integration.HTTP {
    @Suite struct PythonClients {
        @Test(arguments: Backend.usable)
        func allChecksHold(_ backend: Backend) throws {
            let origin = try ScriptedOrigin("HTTP/behaving_origin.py")
            let gyre = try GyreProcess(http: origin.address, backend: backend)
            let base = try gyre.usage.descriptorCount()
            let run = try Script.run("HTTP/python_clients.py", [gyre.url("")])
            #expect(run.status == .exited(0), "\(run.errorOutput)")
            origin.process.signal(SIGTERM)
            try gyre.awaitRest(descriptors: base, flowsAtOnce: 100)
        }
    }
}
