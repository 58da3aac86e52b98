// From the bytes of one admin connection to its requests. Pure: it neither reads a socket nor
// knows what may be asked.

package import Protocols

/// What is to be done about a request whose head is complete.
package enum Admission: Equatable, Sendable {
    /// Read its body, of at most so many bytes.
    case admitted(bodyBytesMax: Int)
    /// Answer it at once.
    case refused(AdminResponse)
}

/// Reads one connection's requests, one after the other.
package struct RequestReader: Sendable {
    /// What was found in the bytes so far.
    package enum Step: Equatable, Sendable {
        case needsMore
        /// The client waits for a 100 before it sends the body.
        case wantsContinue
        case request(AdminRequest)
        /// An answer to what is not a request.
        case refused(AdminResponse)
        /// A request that was not admitted, and the answer to it.
        case rejected(AdminRequest, AdminResponse)
    }

    private enum Phase: Sendable {
        case head
        case body(AdminRequest, left: Int)
        case chunks(AdminRequest, ChunkedDecoder, bytesMax: Int)
        case over
    }

    private var phase = Phase.head
    private var input: [UInt8] = []
    private var progress = HeadProgress()
    private let limits: HeadLimits

    package init(limits: HeadLimits) {
        self.limits = limits
    }

    /// Whether nothing of a request has come in.
    package var isIdle: Bool {
        if case .head = phase { return input.isEmpty }
        return false
    }

    /// Bytes that are kept, and room for those of a body that was admitted.
    package var reservedBytes: Int {
        switch phase {
        case .head, .over: input.count
        case .body(let request, let left): input.count + request.body.count + left
        case .chunks(_, _, let bytesMax): input.count + bytesMax
        }
    }

    /// Takes in what the client has sent.
    package mutating func receive(_ bytes: some Collection<UInt8>) {
        input += bytes
    }

    /// Goes on to the next request.
    ///
    /// - Parameter admit: judges a request by its head.
    package mutating func next(_ admit: (AdminRequest) -> Admission) -> Step {
        switch phase {
        case .head: readHead(admit)
        case .body(let request, let left): readBody(request, left)
        case .chunks(let request, let decoder, let bytesMax):
            readChunks(request, decoder, bytesMax)
        case .over: .needsMore
        }
    }

    private mutating func readHead(_ admit: (AdminRequest) -> Admission) -> Step {
        guard !input.isEmpty else { return .needsMore }
        var head = RequestHead()
        var progress = progress
        switch head.parse(input.span, limits: limits, progress: &progress) {
        case .incomplete:
            self.progress = progress
            return .needsMore
        case .refused(let refusal):
            return refuse(.failure(refusal.status, "\(refusal.reason)"))
        case .complete: break
        }
        self.progress = HeadProgress()
        let request = AdminRequest(head, input)
        input.removeFirst(head.length)
        switch (admit(request), head.framing) {
        case (.refused(let response), .none) where !response.closes:
            return .rejected(request, response)
        case (.refused(let response), _):
            end()
            return .rejected(request, response.closing())
        // A request never goes on until the connection closes (RFC 9112 section 6.3).
        case (.admitted, .none), (.admitted, .untilClose): return .request(request)
        case (.admitted(let bytesMax), .length(let count)):
            guard count <= UInt64(bytesMax) else { return refuse(Self.tooLarge(bytesMax)) }
            phase = .body(request, left: Int(count))
        case (.admitted(let bytesMax), .chunked):
            phase = .chunks(request, ChunkedDecoder(limits: ChunkLimits()), bytesMax: bytesMax)
        }
        return head.expectsContinue && input.isEmpty ? .wantsContinue : next(admit)
    }

    private mutating func readBody(_ begun: AdminRequest, _ left: Int) -> Step {
        var request = begun
        let count = min(left, input.count)
        request.body += input.prefix(count)
        input.removeFirst(count)
        guard count == left else {
            phase = .body(request, left: left - count)
            return .needsMore
        }
        phase = .head
        return .request(request)
    }

    private mutating func readChunks(
        _ begun: AdminRequest, _ started: ChunkedDecoder, _ bytesMax: Int
    ) -> Step {
        var request = begun
        var decoder = started
        var position = 0
        while true {
            switch decoder.next(input.span, from: position) {
            case .data(let start, let count):
                guard request.body.count + count <= bytesMax else {
                    return refuse(Self.tooLarge(bytesMax))
                }
                request.body += input[start..<start + count]
                position = start + count
            case .needsMore:
                input.removeAll(keepingCapacity: true)
                phase = .chunks(request, decoder, bytesMax: bytesMax)
                return .needsMore
            case .finished(let end):
                input.removeFirst(end)
                phase = .head
                return .request(request)
            case .refused(let refusal):
                return refuse(.failure(400, "\(refusal.reason)"))
            }
        }
    }

    private mutating func refuse(_ response: AdminResponse) -> Step {
        end()
        return .refused(response.closing())
    }

    /// It is not known any more where the next request begins, or does not matter.
    private mutating func end() {
        phase = .over
        input.removeAll()
    }

    private static func tooLarge(_ bytesMax: Int) -> AdminResponse {
        .failure(413, "the body is longer than \(bytesMax) bytes")
    }
}
