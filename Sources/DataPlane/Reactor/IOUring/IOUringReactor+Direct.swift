// What is different for sockets that live in the ring's file table: no system call can name them,
// so all that the other ones have system calls for goes through the ring.

internal import CLiburing
internal import CLinux
internal import Glibc

extension IOUringReactor {
    /// Whether sockets are slots of the file table.
    var isDirect: Bool { files.capacity > 0 }

    /// Moves a socket into the file table, for `adopt` to take it over from there.
    ///
    /// - Parameter descriptor: closed in any case.
    package mutating func moveIntoTable(
        _ descriptor: Descriptor
    ) throws(SocketFailure) -> Descriptor {
        defer { DirectCalls.close(descriptor, counting: &counters) }
        guard let file = files.take() else { throw .tableFull }
        counters[.register] &+= 1
        counters[.peerName] &+= 1
        _ = unsafe gyre_socket_peer(
            descriptor.raw, files.address(file), files.addressLength(file))
        do throws(SystemError) {
            try ring.putFile(descriptor, into: file)
        } catch {
            files.giveBack(file)
            throw .system(error.code)
        }
        return file
    }

    /// Makes a socket in a free slot, sets its options and connects it: one chain of requests.
    mutating func connectDirect(
        to address: AddressReference, owner: UInt32
    ) throws(SocketFailure) -> SocketID {
        guard let file = files.take() else { throw .tableFull }
        let socket = try adopt(file, owner: owner)
        let index = index(socket)
        reserve(4)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_socket_direct(entry, address.family, UInt32(file.raw))
        unsafe gyre_link(entry)
        unsafe tag(entry, .setUp, index)
        if !address.isUnix {
            // Neither can fail on a fresh TCP socket; without them it would still work.
            for (level, name) in [(Int32(IPPROTO_TCP), TCP_NODELAY), (SOL_SOCKET, SO_KEEPALIVE)] {
                let length = MemoryLayout<Int32>.size
                let option = unsafe prepareOption(index, level, name, files.on, length)
                unsafe gyre_link(option)
            }
            expectedAtOnce += 2
        }
        let last = unsafe ring.nextEntry()
        unsafe io_uring_prep_connect(last, file.raw, address.pointer, address.length)
        unsafe tag(last, .connect, index)
        expectedAtOnce += 1
        return socket
    }

    /// Makes the coming close send a reset.
    mutating func prepareResetOnClose(_ index: Socket) {
        reserve(1)
        _ = unsafe prepareOption(
            index, SOL_SOCKET, SO_LINGER, files.reset, MemoryLayout<linger>.size)
        expectedAtOnce += 1
    }

    /// Room is reserved.
    private mutating func prepareOption(
        _ index: Socket, _ level: Int32, _ name: Int32, _ value: UnsafeRawPointer, _ length: Int
    ) -> UnsafeMutablePointer<gyre_sqe> {
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_socket_option(
            entry, sockets[index].descriptor.raw, level, name, value, UInt32(length))
        unsafe entry.pointee.flags |= fileFlags
        unsafe tag(entry, .setUp, index)
        return unsafe entry
    }

    /// The first half of a shutdown(2). The ring's own runs on a helper thread of the kernel; to
    /// borrow a descriptor for the call costs less.
    mutating func prepareInstall(_ index: Socket) {
        reserve(1)
        let entry = unsafe ring.nextEntry()
        unsafe gyre_prep_install(entry, sockets[index].descriptor.raw)
        unsafe entry.pointee.flags |= fileFlags
        unsafe tag(entry, .install, index)
        expectedAtOnce += 1
    }

    /// The second half, or the whole of it through the ring when no descriptor could be had.
    mutating func handleInstall(_ entry: RingCompletion, _ index: Socket) {
        if entry.result >= 0 {
            let descriptor = Descriptor(raw: entry.result)
            DirectCalls.shutdownWrite(descriptor, counting: &counters)
            DirectCalls.close(descriptor, counting: &counters)
        } else if !sockets[index].isClosing {
            reserve(1)
            let entry = unsafe ring.nextEntry()
            unsafe io_uring_prep_shutdown(entry, sockets[index].descriptor.raw, Int32(SHUT_WR))
            unsafe entry.pointee.flags |= fileFlags
            unsafe tag(entry, .setUp, index)
        }
    }

    /// What making a socket said. The connect behind it fails then, too, without knowing why.
    mutating func handleSetUp(_ entry: RingCompletion, _ index: Socket) {
        guard entry.result < 0, sockets[index].setUpError == 0 else { return }
        sockets[index].setUpError = UInt8(clamping: -entry.result)
    }

    /// The slot is empty: another socket may have it, and accepting may have waited for one.
    mutating func giveBackFile(_ file: Descriptor) {
        files.giveBack(file)
        acceptsNeedArming = true
    }
}
