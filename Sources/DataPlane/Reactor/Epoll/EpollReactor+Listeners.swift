// Accepting: a ready listener is asked until its queue is empty, the credit is used up, or other
// sockets must get their turn.

internal import CLinux
internal import Glibc

extension EpollReactor {
    /// Connections accepted from one listener before other sockets get their turn.
    private static var acceptsMax: Int { 64 }

    package mutating func addListener(_ descriptor: Descriptor) -> ListenerID {
        guard let index = listeners.insert(EpollListener(descriptor: descriptor)) else {
            preconditionFailure("more than \(Self.listenersMax) listeners on one worker")
        }
        // Edge-triggered: while accepting is paused a waiting client must not wake the worker.
        // Not exclusive: a paused worker would swallow the only wake-up of a shared listener.
        let token = CompletionToken(.accept, slot: index.slot, generation: 0)
        counters[.epollCtl] &+= 1
        let result = gyre_epoll_add(
            epoll.raw, descriptor.raw, EPOLLIN.rawValue | EPOLLET.rawValue, token.raw)
        precondition(result >= 0, "the listener cannot be registered")
        return ListenerID(index: index.slot)
    }

    package mutating func setAcceptCredit(_ connections: Int) {
        precondition(connections >= 0)
        if acceptCredit == 0 && connections > 0 { listenersHaveWork = true }
        acceptCredit = connections
    }

    package mutating func removeListener(_ listener: ListenerID) {
        precondition(!listeners[slot: listener.index].isRemoved)
        listeners[slot: listener.index].isRemoved = true
        listeners[slot: listener.index].isReady = true
        listenersHaveWork = true
    }

    /// Accepts from ready listeners and closes removed ones whose queue is empty.
    mutating func serveListeners(into batch: inout CompletionBatch) {
        listenersHaveWork = false
        for slot in listeners.touchedSlots where listeners.isTaken(slot: slot) {
            if listeners[slot: slot].isReady && acceptCredit > 0 {
                acceptReady(slot, into: &batch)
            }
            guard listeners[slot: slot].isRemoved else { continue }
            if listeners[slot: slot].isReady && acceptCredit > 0 || batch.room <= Self.attemptRoom {
                listenersHaveWork = true
                continue
            }
            DirectCalls.close(listeners[slot: slot].descriptor, counting: &counters)
            listeners.remove(listeners.index(ofSlot: slot))
            batch.append(Completion(.listenerClose, owner: slot, result: 0))
        }
    }

    private mutating func acceptReady(_ slot: UInt32, into batch: inout CompletionBatch) {
        var left = Self.acceptsMax
        while left > 0 && acceptCredit > 0 && batch.room > Self.attemptRoom {
            left -= 1
            let result = DirectCalls.accept(
                listeners[slot: slot].descriptor, counting: &counters)
            if result == -EAGAIN {
                listeners[slot: slot].isReady = false
                return
            }
            if result < 0 && DirectCalls.concernsOneClient(-result) { continue }
            if result >= 0 { acceptCredit -= 1 }
            batch.append(Completion(.accept, owner: slot, result: result, more: true))
            if result < 0 {
                // Out of descriptors, say: the queue keeps its clients, the engine decides when
                // to go on. A removed listener is not worth waiting for.
                listeners[slot: slot].isReady = !listeners[slot: slot].isRemoved
                break
            }
        }
        if acceptCredit > 0 { listenersHaveWork = true }
    }
}
