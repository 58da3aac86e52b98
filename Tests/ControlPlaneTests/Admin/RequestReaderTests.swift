// Requests of the admin address: the same however they are cut, bounded in every part, and refused
// in a way that leaves no doubt where the next one begins.

import ControlPlane
import Protocols
import Testing

@Suite struct RequestReaderTests {
    private static let limits = AdminLimits().heads
    private static let host = "Host: a\r\n"

    /// Admits a body of up to 10 bytes, except for `/no` and for `/away`, which also closes.
    private static func admit(_ request: AdminRequest) -> Admission {
        switch request.path {
        case "/no": return .refused(AdminResponse(404, body: []))
        case "/away":
            var response = AdminResponse(401, body: [])
            response.closes = true
            return .refused(response)
        default: return .admitted(bodyBytesMax: 10)
        }
    }

    /// What comes of a text that is given in pieces of `size` bytes.
    private func steps(_ text: String, cutting size: Int = .max) -> [RequestReader.Step] {
        var reader = RequestReader(limits: Self.limits)
        var steps: [RequestReader.Step] = []
        var rest = Array(text.utf8)[...]
        repeat {
            reader.receive(rest.prefix(size))
            rest = rest.dropFirst(size)
            while true {
                let step = reader.next(Self.admit)
                if step == .needsMore { break }
                steps.append(step)
            }
        } while !rest.isEmpty
        return steps
    }

    private func request(_ method: Protocols.Method, _ path: String, body: String = "")
        -> AdminRequest
    {
        var request = AdminRequest(method, path)
        request.host = "a"
        request.body = Array(body.utf8)
        return request
    }

    @Test(arguments: [1, 2, 3, 7, .max])
    func requestsAreTheSameHoweverTheyAreCut(size: Int) {
        let text =
            "GET /a?b=c HTTP/1.1\r\n\(Self.host)\r\n"
            + "POST /b HTTP/1.1\r\n\(Self.host)Content-Length: 5\r\n\r\nhello"
            + "POST /c HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n"
            + "5\r\nhello\r\n5;x\r\nworld\r\n0\r\n\r\n"
            + "HEAD /d HTTP/1.1\r\n\(Self.host)Connection: close\r\n\r\n"
        var first = request(.get, "/a")
        first.query = "b=c"
        var last = request(.head, "/d")
        last.isPersistent = false
        #expect(
            steps(text, cutting: size) == [
                .request(first), .request(request(.post, "/b", body: "hello")),
                .request(request(.post, "/c", body: "helloworld")), .request(last),
            ])
    }

    @Test func connectionsOfHTTP10AreNotKept() {
        var expected = request(.get, "/")
        expected.isPersistent = false
        let text = "GET / HTTP/1.0\r\n\(Self.host)Connection: keep-alive\r\n\r\n"
        #expect(steps(text) == [.request(expected)])
    }

    @Test func credentialsAndOriginAreTaken() {
        let text =
            "GET / HTTP/1.1\r\n\(Self.host)AUTHORIZATION: Bearer x\r\norigin: http://a\r\n\r\n"
            + "GET / HTTP/1.1\r\n\(Self.host)Authorization: b\r\nAuthorization: c\r\n\r\n"
        var first = request(.get, "/")
        first.authorization = "Bearer x"
        first.origin = "http://a"
        var second = request(.get, "/")
        second.authorization = "b, c"
        #expect(steps(text) == [.request(first), .request(second)])
    }

    /// The status of the only step, which ends the connection.
    private func closingStatus(_ text: String) -> UInt16? {
        let steps = steps(text + "GET /next HTTP/1.1\r\n\(Self.host)\r\n")
        guard steps.count == 1 else { return nil }
        switch steps[0] {
        case .refused(let response), .rejected(_, let response):
            return response.closes ? response.status : nil
        case .request, .needsMore, .wantsContinue: return nil
        }
    }

    static let refused: [(String, UInt16)] = [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}", 400),
        ("GET / HTTP/2.0\r\n\(host)\r\n", 505),
        ("GET /" + String(repeating: "a", count: 3_000) + " HTTP/1.1\r\n\(host)\r\n", 414),
        ("GET / HTTP/1.1\r\n\(host)X: " + String(repeating: "a", count: 17_000), 431),
        ("GET / HTTP/1.1\r\n" + String(repeating: "X: a\r\n", count: 65) + "\r\n", 431),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: 11\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: 9223372036854775807\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip\r\n\r\n", 501),
        (
            "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n12345",
            413
        ),
        ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx", 400),
        ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        ("POST /no HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\n123", 404),
        ("GET /away HTTP/1.1\r\n\(host)\r\n", 401),
    ]

    @Test(arguments: refused)
    func whatIsRefusedEndsTheConnection(text: String, status: UInt16) {
        #expect(closingStatus(text) == status)
    }

    @Test func aRejectionWithoutABodyGoesOn() {
        let text = "HEAD /no HTTP/1.1\r\n\(Self.host)\r\nGET /a HTTP/1.1\r\n\(Self.host)\r\n"
        #expect(
            steps(text) == [
                .rejected(request(.head, "/no"), AdminResponse(404, body: [])),
                .request(request(.get, "/a")),
            ])
    }

    @Test func theBodyThatIsHeldBackIsAskedFor() {
        let head =
            "POST /a HTTP/1.1\r\n\(Self.host)Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        #expect(steps(head) == [.wantsContinue])
        #expect(steps(head + "hi") == [.request(request(.post, "/a", body: "hi"))])
        let tooLarge = head.replacing("Length: 2", with: "Length: 20")
        #expect(closingStatus(tooLarge) == 413)
    }

    @Test func anAdmittedBodyIsReserved() {
        var reader = RequestReader(limits: Self.limits)
        #expect(reader.isIdle && reader.reservedBytes == 0)
        reader.receive("POST /a HTTP/1.1\r\n\(Self.host)Content-Length: 4\r\n\r\nabc".utf8)
        #expect(reader.next(Self.admit) == .needsMore)
        #expect(!reader.isIdle && reader.reservedBytes == 4)
        reader.receive("d".utf8)
        #expect(reader.next(Self.admit) == .request(request(.post, "/a", body: "abcd")))
        #expect(reader.isIdle && reader.reservedBytes == 0)
        let chunked = "POST /a HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n1"
        reader.receive(chunked.utf8)
        #expect(reader.next(Self.admit) == .needsMore)
        #expect(reader.reservedBytes == 10)
    }
}
