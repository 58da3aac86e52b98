// What the proxy is put in front of, what it is asked for, and what is expected of the answers.

internal import ControlPlane
internal import DataPlane
internal import Protocols

/// An endpoint that answers.
struct BenchEndpoint: Sendable {
    /// The value of `--to`.
    let address: String
    let request: [UInt8]
    let expected: Expectation

    static func request(_ path: String, _ host: String) -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
    }

    /// Asks an operator's endpoint twice, without a proxy: its status is expected again, and so is
    /// the length of its body when both were the same.
    static func probe(
        _ target: BenchTarget, signals: SignalSource
    ) throws(BenchStop) -> BenchEndpoint {
        let request = request(target.path, target.address.authority)
        var failure = BenchStop.failed("it has no address")
        for address in try addresses(of: target.address) {
            do throws(BenchStop) {
                let expected = try expectation(at: address, request, signals: signals)
                return BenchEndpoint(
                    address: "\(address)", request: request, expected: expected)
            } catch {
                if case .interrupted = error { throw error }
                failure = error
            }
        }
        guard case .failed(let reason) = failure else { throw failure }
        throw .failed("cannot measure against \(target.address)\(target.path): \(reason)")
    }

    private static func addresses(
        of text: AddressText
    ) throws(BenchStop) -> [SocketAddress] {
        // An address to connect to, not to listen on: `:port` is this machine.
        var text = text
        if case .anyHost(let port) = text { text = .host("127.0.0.1", port: port) }
        do throws(StartError) {
            return try HostResolver.listenAddresses(text)
        } catch {
            throw .failed("\(error)")
        }
    }

    private static func expectation(
        at address: SocketAddress, _ request: [UInt8], signals: SignalSource
    ) throws(BenchStop) -> Expectation {
        let plan = LoadPlan(
            address: address, request: request, expected: Expectation(), connections: 1,
            failuresMax: 1)
        var load = try Load.start(plan, signals: signals)
        var answers: [AnswerReader.Answer] = []
        for _ in 0..<2 {
            _ = try load.run(forNs: Load.patienceNs, requestsMax: 1)
            if let answer = load.answer { answers.append(answer) }
        }
        guard let first = answers.first, 200..<300 ~= first.status else {
            let status = answers.first?.status ?? 0
            throw .failed("it answers with status \(status), expected 200 to 299")
        }
        let isSteady = answers.allSatisfy { $0.bodyBytes == first.bodyBytes }
        return Expectation(
            status: first.status, bodyBytes: isSteady ? first.bodyBytes : nil)
    }
}
