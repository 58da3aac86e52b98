// Listeners and outgoing connections of the simulated reactor.

import DataPlane
import Glibc

/// Numbers that no real descriptor of this process has: a stray system call on one only fails.
private let listenerBase: Int32 = 0x4000_0000
private let connectionBase: Int32 = 0x5000_0000

/// Endpoint addresses are kept for the life of the process, so all worlds share a few. Nothing is
/// ever sent to them; being no Unix sockets, they are expected to report resets.
private let addresses: [AddressReference] = (0..<16 as Range<UInt8>).compactMap { index in
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes[0] = UInt8(AF_INET)
    bytes[3] = index + 1
    bytes[4] = 127
    bytes[7] = 1
    return SocketAddress(copying: bytes.span).map { AddressReference(keeping: $0) }
}

extension SimulatedWorld {
    // MARK: For the test

    /// Opens a listening socket, to be given to the reactor.
    package func makeListener() -> Descriptor {
        listeners.append(SimulatedListener())
        return Descriptor(raw: listenerBase + Int32(listeners.count - 1))
    }

    /// Adds something to connect to.
    ///
    /// - Parameters:
    ///   - outages: when it answers in another manner.
    ///   - plan: makes the script of the n-th connection to it.
    ///   - program: makes who plays it; otherwise its plan alone does.
    package func addEndpoint(
        _ manner: EndpointManner, outages: [Outage] = [],
        plan: @escaping (Int) -> PeerPlan = { _ in .manual },
        program: @escaping (Int) -> (any PeerProgram)? = { _ in nil }
    ) -> AddressReference {
        let address = addresses[endpoints.count]
        endpoints.append(
            SimulatedEndpoint(address: address, manner: manner, plan: plan, program: program))
        endpoints[endpoints.count - 1].outages = outages.map {
            Outage(nowNs + $0.ns.lowerBound..<nowNs + $0.ns.upperBound, $0.manner)
        }
        return address
    }

    /// An established connection whose socket nobody has adopted yet.
    package func makeConnection(_ plan: PeerPlan) -> (descriptor: Descriptor, number: Int) {
        let number = addConnection(isClient: true, place: -1, plan)
        connections[number].isEstablished = true
        return (Descriptor(raw: connectionBase + Int32(number)), number)
    }

    /// The connection behind a descriptor that was accepted or made here.
    package func connectionNumber(of descriptor: Descriptor) -> Int? {
        let number = Int(descriptor.raw) - Int(connectionBase)
        return connections.indices.contains(number) ? number : nil
    }

    // MARK: Accepting

    func addListener(_ descriptor: Descriptor) -> ListenerID {
        let number = Int(descriptor.raw) - Int(listenerBase)
        guard listeners.indices.contains(number), !listeners[number].isAdded else {
            violate("addListener with a descriptor that is no listener, or twice")
            return ListenerID(index: .max)
        }
        let index = freedListeners.popLast() ?? listenersIndexed
        listenersIndexed = max(listenersIndexed, index + 1)
        listeners[number].isAdded = true
        listeners[number].index = index
        return ListenerID(index: UInt32(index))
    }

    func setAcceptCredit(_ count: Int) {
        trace(20, UInt64(bitPattern: Int64(count)))
        if count < 0 { violate("setAcceptCredit(\(count))") }
        acceptCredit = max(0, count)
        guard count > 0 else { return }
        acceptOvershoot = listeners.count { $0.isAdded && !$0.isRemoved } - 1
        for index in listeners.indices {
            listeners[index].isPaused = false
            listeners[index].hasOvershot = false
        }
        agenda.schedule(.lookAccept, at: nowNs + random.pick(faults.kickDelayNs))
    }

    func removeListener(_ listener: ListenerID) {
        guard
            let number = listeners.firstIndex(where: {
                $0.isAdded && $0.index == listener.index && !$0.isRemoved
            })
        else { return violate("removeListener(\(listener.index)): unknown, or removed before") }
        trace(21, UInt64(number))
        listeners[number].isRemoved = true
        agenda.schedule(
            .listenerRemoved(number), at: nowNs + random.pick(faults.cancelDelayNs))
    }

    func listenerRemoved(_ number: Int) {
        while !listeners[number].queue.isEmpty, acceptCredit > 0 {
            guard output.count + 1 < room else {
                return agenda.schedule(.listenerRemoved(number), at: nowNs)
            }
            acceptOne(number)
        }
        for connection in listeners[number].queue {
            connections[connection].isRefused = true
            peerIsReset(connection)
        }
        listeners[number].queue.removeAll()
        freedListeners.append(listeners[number].index)
        output.append(Completion(.listenerClose, owner: listeners[number].index, result: 0))
    }

    func arrive(_ number: Int, listener: Int) {
        guard listeners[listener].isAdded, !listeners[listener].isRemoved else {
            connections[number].isRefused = true
            return peerIsReset(number)
        }
        listeners[listener].queue.append(number)
        startPeer(number)
        agenda.schedule(.lookAccept, at: nowNs + random.pick(faults.kickDelayNs))
    }

    func lookAccept() {
        let first = random.pick(0...max(0, listeners.count - 1))
        for step in listeners.indices {
            let number = (first + step) % listeners.count
            while !listeners[number].queue.isEmpty, mayAccept(number) {
                guard output.count < room else {
                    return agenda.schedule(.lookAccept, at: nowNs)
                }
                if random.chance(faults.acceptFailsPerMille) {
                    failAccept(number)
                } else {
                    acceptOne(number)
                }
            }
        }
    }

    private func mayAccept(_ number: Int) -> Bool {
        let listener = listeners[number]
        guard listener.isAdded, !listener.isRemoved, !listener.isPaused else { return false }
        if acceptCredit > 0 { return true }
        guard acceptOvershoot > 0, !listener.hasOvershot else { return false }
        // Either way this listener's accept that was under way is over.
        listeners[number].hasOvershot = true
        guard random.chance(faults.acceptOvershootPerMille) else { return false }
        acceptOvershoot -= 1
        return true
    }

    private func acceptOne(_ listener: Int) {
        let number = listeners[listener].queue.removeFirst()
        acceptCredit = max(0, acceptCredit - 1)
        acceptedCount += 1
        connections[number].isEstablished = true
        output.append(
            Completion(
                .accept, owner: listeners[listener].index, result: connectionBase + Int32(number),
                more: true))
    }

    private func failAccept(_ listener: Int) {
        let error = random.pick([EMFILE, ENFILE, ENOMEM, ENOBUFS, ECONNABORTED])
        // Nothing more until the caller sets a credit: a failing accept must not spin.
        listeners[listener].isPaused = true
        output.append(
            Completion(.accept, owner: listeners[listener].index, result: -error, more: false))
    }

    // MARK: Sockets from descriptors and to endpoints

    func adopt(_ descriptor: Descriptor, owner: UInt32) throws(SocketFailure) -> SocketID {
        let number = Int(descriptor.raw) - Int(connectionBase)
        guard connections.indices.contains(number), connections[number].isEstablished,
            connections[number].socket.isNone, !connections[number].isSocketClosed
        else {
            violate("adopt of a descriptor that is no connection, or twice")
            throw .system(EBADF)
        }
        guard let socket = takeSlot(owner: owner, phase: .open) else {
            socketGone(number, reset: false)
            throw .tableFull
        }
        trace(22, UInt64(owner), UInt64(number))
        bind(number, to: socket)
        // Those out of a listener's queue started when they arrived.
        if connections[number].place < 0 { startPeer(number) }
        return socket
    }

    func connect(
        to address: AddressReference, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        guard let endpoint = endpoints.firstIndex(where: { $0.address.isSame(as: address) }) else {
            preconditionFailure("connect to an address that is not of this world")
        }
        endpoints[endpoint].attempts += 1
        if random.chance(faults.connectThrowsPerMille) {
            noteConnectFailure(endpoint, .threw)
            throw random.chance(500) ? .tableFull : .system(EMFILE)
        }
        guard let socket = takeSlot(owner: owner, phase: .connecting) else {
            noteConnectFailure(endpoint, .threw)
            throw .tableFull
        }
        trace(23, UInt64(owner), UInt64(endpoint))
        sockets[Int(socket.slot)].connection = -1 - endpoint
        upstreamSockets += 1
        upstreamSocketsMax = max(upstreamSocketsMax, upstreamSockets)
        let result: Int32
        switch endpoints[endpoint].manner(atNs: nowNs) {
        case .accepts where random.chance(faults.connectHangsPerMille), .hangs:
            noteConnectFailure(endpoint, .hung)
            return socket
        case .accepts where random.chance(faults.connectFailsPerMille):
            result = -random.pick([
                ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ECONNRESET, EADDRNOTAVAIL,
            ])
        case .accepts: result = 0
        case .fails(let error): result = -error
        }
        let delay = random.pick(faults.connectDelayNs)
        agenda.schedule(.connected(socket, result: result), at: nowNs + delay)
        return socket
    }

    func noteConnectFailure(_ endpoint: Int, _ manner: ConnectFailure.Manner) {
        connectFailureLog.append(
            ConnectFailure(timeNs: nowNs, endpoint: endpoint, manner: manner))
    }

    private func bind(_ number: Int, to socket: SocketID) {
        bindings += 1
        sockets[Int(socket.slot)].connection = number
        connections[number].socket = socket
        connections[number].owner = sockets[Int(socket.slot)].owner
        connections[number].order = bindings
        connections[number].boundNs = nowNs
    }

    func connected(_ socket: SocketID, result: Int32) {
        guard isCurrent(socket), sockets[Int(socket.slot)].phase == .connecting else { return }
        let endpoint = -1 - sockets[Int(socket.slot)].connection
        if result < 0 {
            noteConnectFailure(endpoint, .failed(-result))
        } else {
            let attempt = endpoints[endpoint].attempts - 1
            let program = endpoints[endpoint].program(attempt)
            // The stream's number is one byte; a run that needs more connections is refused them.
            guard connections.count < 256 || program != nil else {
                noteConnectFailure(endpoint, .failed(ECONNREFUSED))
                return post(socket, .writing, .connect, result: -ECONNREFUSED)
            }
            let plan = endpoints[endpoint].plan(attempt)
            let number = addConnection(isClient: false, place: endpoint, plan, program)
            connections[number].isEstablished = true
            bind(number, to: socket)
            startPeer(number)
        }
        post(socket, .writing, .connect, result: result)
    }
}
