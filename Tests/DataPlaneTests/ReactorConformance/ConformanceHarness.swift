// Drives one reactor for one conformance case and checks, with every completion, what the contract
// says of all of them: each belongs to something that is armed, has one end, and nothing follows a
// close.

import CLinux
import DataPlane
import Glibc
import TestSupport
import Testing

/// What went wrong with a case before an expectation could say so.
struct ConformanceError: Error, CustomStringConvertible {
    let description: String
}

/// A reactor with its peers.
struct ConformanceHarness<R: Reactor & ~Copyable>: ~Copyable {
    /// A socket as the harness and the cases know it: by its position, which is also the owner tag
    /// that it begins with.
    struct Member {
        let socket: SocketID
        /// The owner tag that its completions have to come with.
        var tag: UInt32
        var peer: (any Peer)?
        /// Operations whose final completion is outstanding.
        var armed: Set<Operation> = []
        var isClosing = false
        var isClosed = false
        var receivedBytes = 0
        var sentBytes = 0
        /// Stream of the peer when it is not to be asked (accepted sockets).
        var stream: ByteStream?
    }

    var reactor: R
    let network: any PeerNetwork
    /// Whether faults are injected: limits that hold without them are not checked then.
    let isFaulty: Bool
    /// Makes a descriptor of the process one that the reactor can adopt.
    private let admission: (inout R, Descriptor) throws -> Descriptor
    private(set) var members: [Member] = []
    /// Completions that no case has looked at yet.
    private(set) var news: [Completion] = []
    /// Received buffers stay lent, in `held`, instead of being given back at once.
    var keepsBuffers = false
    var held: [BufferID] = []
    private var batch = CompletionBatch(capacity: 256)

    init(
        reactor: consuming R, network: any PeerNetwork, isFaulty: Bool,
        admission: @escaping (inout R, Descriptor) throws -> Descriptor = { $1 }
    ) {
        self.admission = admission
        self.reactor = reactor
        self.network = network
        self.isFaulty = isFaulty
    }

    // MARK: Sockets

    /// A connected socket in the reactor.
    mutating func adopt() throws -> UInt32 {
        let (descriptor, peer) = try network.makePair()
        return try admit(descriptor, peer)
    }

    mutating func admit(_ descriptor: Descriptor, _ peer: any Peer) throws -> UInt32 {
        try adopt(try admission(&reactor, descriptor), peer)
    }

    mutating func adopt(_ descriptor: Descriptor, _ peer: (any Peer)?) throws -> UInt32 {
        let owner = UInt32(members.count)
        let socket = try reactor.adopt(descriptor, owner: owner)
        members.append(Member(socket: socket, tag: owner, peer: peer, stream: peer?.stream))
        return owner
    }

    mutating func connect(to address: AddressReference) throws -> UInt32 {
        let owner = UInt32(members.count)
        let socket = try reactor.connect(to: address, owner: owner)
        members.append(Member(socket: socket, tag: owner, armed: [.connect]))
        return owner
    }

    /// Gives a socket another owner tag, beyond all positions.
    mutating func setOwner(_ owner: UInt32, _ tag: UInt32) {
        members[Int(owner)].tag = tag
        reactor.setOwner(socket(owner), tag)
    }

    mutating func setPeer(_ owner: UInt32, _ peer: any Peer) {
        members[Int(owner)].peer = peer
        members[Int(owner)].stream = peer.stream
    }

    func peer(_ owner: UInt32) throws -> any Peer { try #require(members[Int(owner)].peer) }

    func socket(_ owner: UInt32) -> SocketID { members[Int(owner)].socket }

    func received(_ owner: UInt32) -> Int { members[Int(owner)].receivedBytes }

    // MARK: Operations

    mutating func receive(_ owner: UInt32, credit: Int) {
        arm(owner, .receive)
        reactor.receive(socket(owner), credit: UInt32(credit))
    }

    /// Sends the next `count` bytes of the socket's stream, at most 16 buffers.
    mutating func send(_ owner: UInt32, _ count: Int, endsNext: Bool = false) throws {
        var chain = BufferChain()
        var left = count
        while left > 0 {
            let buffers = reactor.buffers
            let buffer = try #require(buffers.take())
            let piece = min(left, BufferPool.bufferBytes)
            reactor.buffers.setCount(buffer, piece)
            let bytes = UnsafeMutableRawBufferPointer(
                start: reactor.buffers.contents(buffer), count: piece)
            reactorStream.fill(bytes, from: members[Int(owner)].sentBytes)
            members[Int(owner)].sentBytes += piece
            chain.append(buffer, in: reactor.buffers)
            left -= piece
        }
        arm(owner, .send)
        reactor.send(socket(owner), chain, isAwaited: true, endsNext: endsNext)
    }

    mutating func await(_ operation: Operation, _ owner: UInt32) {
        arm(owner, operation)
        switch operation {
        case .readable: reactor.awaitReadable(socket(owner))
        case .writable: reactor.awaitWritable(socket(owner))
        default: reactor.awaitHangup(socket(owner))
        }
    }

    mutating func splice(_ owner: UInt32, to pipe: PipeID, _ length: Int) {
        arm(owner, .spliceIn)
        reactor.submitSpliceIn(socket(owner), to: pipe, length: length)
    }

    mutating func splice(_ pipe: PipeID, to owner: UInt32, _ length: Int) {
        arm(owner, .spliceOut)
        reactor.submitSpliceOut(pipe, to: socket(owner), length: length)
    }

    mutating func close(_ owner: UInt32, reset: Bool = false) {
        members[Int(owner)].isClosing = true
        news.removeAll { $0.owner == owner && $0.operation != .accept }
        reactor.close(socket(owner), reset: reset)
    }

    private mutating func arm(_ owner: UInt32, _ operation: Operation) {
        members[Int(owner)].armed.insert(operation)
    }

    // MARK: Turns

    /// One turn that waits at most `waitMs`.
    mutating func turn(waitMs: UInt64 = 5) {
        batch.removeAll()
        reactor.turn(deadlineNs: reactor.nowNs + waitMs * 1_000_000, into: &batch)
        for position in 0..<batch.count { note(batch[position]) }
    }

    /// Turns until something that `wanted` accepts has come, and takes it.
    mutating func next(
        _ what: String, where wanted: (Completion) -> Bool
    ) throws -> Completion {
        for _ in 0..<1_000 {
            if let position = news.firstIndex(where: wanted) { return news.remove(at: position) }
            turn()
        }
        throw ConformanceError(description: "no completion: \(what)")
    }

    mutating func next(_ operation: Operation, _ owner: UInt32) throws -> Completion {
        try next("\(operation) of \(owner)") { $0.operation == operation && $0.owner == owner }
    }

    /// Takes the first that has come and is wanted.
    mutating func takeFirst(_ wanted: (Completion) -> Bool) -> Completion? {
        news.firstIndex(where: wanted).map { news.remove(at: $0) }
    }

    /// Whether a send is under way.
    func isSending(_ owner: UInt32) -> Bool { members[Int(owner)].armed.contains(.send) }

    /// Takes what has come, if anything.
    mutating func takeNews() -> [Completion] {
        defer { news = [] }
        return news
    }

    /// Turns for `ms` without expecting anything of `operations`.
    mutating func expectNone(_ operations: Set<Operation>, ms: UInt64 = 30) {
        let endNs = reactor.nowNs + ms * 1_000_000
        while reactor.nowNs < endNs { turn(waitMs: ms) }
        let came = news.filter { operations.contains($0.operation) }
        #expect(came.isEmpty)
    }

    /// Turns until `condition` holds.
    mutating func turn(
        until what: String, _ condition: (inout ConformanceHarness<R>) throws -> Bool
    ) throws {
        for _ in 0..<1_000 {
            if try condition(&self) { return }
            turn(waitMs: 2)
        }
        throw ConformanceError(description: "did not come to pass: \(what)")
    }

    /// Checks a completion against what is armed.
    private mutating func note(_ completion: Completion) {
        let operation = completion.operation
        if [.accept, .listenerClose, .wake].contains(operation) { return news.append(completion) }
        guard let owner = members.lastIndex(where: { $0.tag == completion.owner }) else {
            Issue.record("a completion for nobody: \(completion)")
            return
        }
        news.append(
            Completion(
                operation, owner: UInt32(owner), result: completion.result, more: completion.more,
                buffer: completion.buffer))
        if operation == .close {
            #expect(members[owner].isClosing && !members[owner].isClosed)
            members[owner].isClosed = true
            return
        }
        #expect(!members[owner].isClosing, "\(completion) after close")
        #expect(members[owner].armed.contains(operation), "\(completion) without being armed")
        if operation != .receive { #expect(!completion.more) }
        if !completion.more { members[owner].armed.remove(operation) }
        if operation == .receive, completion.result > 0 { take(completion, owner) }
    }

    private mutating func take(_ completion: Completion, _ owner: Int) {
        let buffers = reactor.buffers
        let count = buffers.count(completion.buffer)
        #expect(count == Int(completion.result))
        let bytes = UnsafeRawBufferPointer(
            start: buffers.contents(completion.buffer), count: count)
        let position = members[owner].receivedBytes
        let difference = members[owner].stream?.firstDifference(bytes, from: position)
        #expect(difference == nil)
        members[owner].receivedBytes += count
        if keepsBuffers {
            held.append(completion.buffer)
        } else {
            buffers.release(completion.buffer)
        }
    }

    // MARK: End

    /// Closes what is open and checks that everything is given back.
    mutating func finish() throws {
        for buffer in held { reactor.buffers.release(buffer) }
        held = []
        for owner in members.indices where !members[owner].isClosing { close(UInt32(owner)) }
        try turn(until: "all sockets closed") { $0.members.allSatisfy(\.isClosed) }
        let lent = reactor.lentBuffers
        #expect(lent == 0, "buffers that are not back")
    }
}
