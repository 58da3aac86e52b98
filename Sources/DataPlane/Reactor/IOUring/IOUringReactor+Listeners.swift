// Accepting. One multishot accept drains a listener's whole queue, however long it is, so it is
// armed only while there is credit for a full queue; nearer to the limit, a few single accepts
// keep the limit exact and leave further clients waiting in the kernel instead of cutting them.

internal import CLiburing
internal import CLinux

extension IOUringReactor {
    /// Credit from which a multishot accept is armed, and below which it is taken back.
    private static var multishotCredit: Int { 2 * acceptQueueMax }
    private static var multishotCreditMin: Int { acceptQueueMax }
    private static var singlesMax: Int { 16 }
    /// With a file table every accept is a single one, because each needs a slot of its own.
    private static var singlesMaxDirect: Int { 64 }

    package mutating func addListener(_ descriptor: Descriptor) -> ListenerID {
        guard let index = listeners.insert(IOUringListener(descriptor: descriptor)) else {
            preconditionFailure("more than \(Self.listenersMax) listeners on one worker")
        }
        acceptsNeedArming = true
        return ListenerID(index: index.slot)
    }

    package mutating func setAcceptCredit(_ connections: Int) {
        precondition(connections >= 0)
        guard connections != acceptCredit else { return }
        acceptCredit = connections
        acceptsNeedArming = true
    }

    package mutating func removeListener(_ listener: ListenerID) {
        precondition(!listeners[slot: listener.index].isRemoved)
        listeners[slot: listener.index].isRemoved = true
        listenersToClose += 1
        if listeners[slot: listener.index].armed > 0 { cancelAccepts(listener.index) }
    }

    /// Arms as many accepts as the credit allows, or takes back those it does not allow any more.
    mutating func armAccepts() {
        acceptsNeedArming = false
        for slot in listeners.touchedSlots where !listeners[slot: slot].isRemoved {
            let listener = listeners[slot: slot]
            guard !listener.isCancelling else { continue }
            if listener.isMultishot && listener.armed > 0 {
                if acceptCredit < Self.multishotCreditMin { cancelAccepts(slot) }
            } else if listener.armed == 0 && acceptCredit >= Self.multishotCredit && !isDirect {
                prepareAccept(slot, multishot: true)
            } else {
                let share = acceptCredit == 0 ? 0 : max(acceptCredit / listeners.count, 1)
                let wanted = min(share, isDirect ? Self.singlesMaxDirect : Self.singlesMax)
                if Int(listener.armed) > wanted {
                    cancelAccepts(slot)
                } else {
                    for _ in Int(listener.armed)..<wanted {
                        if isDirect {
                            prepareAcceptDirect(slot)
                        } else {
                            prepareAccept(slot, multishot: false)
                        }
                    }
                }
            }
        }
    }

    /// Accepts one client into a free slot of the file table; without one, clients wait.
    private mutating func prepareAcceptDirect(_ slot: UInt32) {
        guard let file = files.take() else { return }
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_accept_direct(
            entry, listeners[slot: slot].descriptor.raw, files.address(file),
            files.addressLength(file), UInt32(file.raw))
        unsafe entry.pointee.user_data =
            CompletionToken(.accept, slot: UInt32(file.raw), generation: slot).raw
        listeners[slot: slot].armed += 1
    }

    private mutating func prepareAccept(_ slot: UInt32, multishot: Bool) {
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_accept(entry, listeners[slot: slot].descriptor.raw, multishot ? 1 : 0)
        unsafe entry.pointee.user_data = CompletionToken(.accept, slot: 0, generation: slot).raw
        listeners[slot: slot].armed += 1
        listeners[slot: slot].isMultishot = multishot
    }

    private mutating func cancelAccepts(_ slot: UInt32) {
        guard !listeners[slot: slot].isCancelling else { return }
        listeners[slot: slot].isCancelling = true
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe io_uring_prep_cancel_fd(
            entry, listeners[slot: slot].descriptor.raw, UInt32(IORING_ASYNC_CANCEL_ALL))
        unsafe entry.pointee.user_data =
            CompletionToken(.listenerClose, slot: slot, generation: 0).raw
    }

    mutating func handleAccept(_ entry: RingCompletion, into batch: inout CompletionBatch) {
        let slot = entry.token.generation
        if !entry.more {
            listeners[slot: slot].armed -= 1
            acceptsNeedArming = true
        }
        // A direct accept's own result is 0: its slot of the file table is in the token.
        let file = Descriptor(raw: Int32(entry.token.slot))
        if entry.result < 0 && isDirect { files.giveBack(file) }
        if entry.result < 0 && DirectCalls.concernsOneClient(-entry.result) { return }
        if entry.result >= 0 { acceptCredit = max(acceptCredit - 1, 0) }
        let isSlot = isDirect && entry.result >= 0
        batch.append(
            Completion(
                .accept, owner: slot, result: isSlot ? file.raw : entry.result, more: entry.more))
    }

    mutating func handleAcceptsCancelled(_ entry: RingCompletion) {
        listeners[slot: entry.token.slot].isCancelling = false
        acceptsNeedArming = true
    }

    /// Closing a listener resets what waits in its queue, so the queue is emptied first.
    mutating func closeRemovedListeners(into batch: inout CompletionBatch) {
        for slot in listeners.touchedSlots where listeners.isTaken(slot: slot) {
            let listener = listeners[slot: slot]
            guard listener.isRemoved, listener.armed == 0, !listener.isCancelling else { continue }
            var result: Int32 = 0
            while acceptCredit > 0 && batch.room > 64 {
                result = DirectCalls.accept(listener.descriptor, counting: &counters)
                guard result >= 0 else { break }
                if isDirect {
                    guard let file = try? moveIntoTable(Descriptor(raw: result)) else { continue }
                    result = file.raw
                }
                acceptCredit -= 1
                batch.append(Completion(.accept, owner: slot, result: result, more: true))
            }
            guard batch.room > 64 else { return }
            DirectCalls.close(listener.descriptor, counting: &counters)
            listeners.remove(listeners.index(ofSlot: slot))
            listenersToClose -= 1
            batch.append(Completion(.listenerClose, owner: slot, result: 0))
        }
    }
}
