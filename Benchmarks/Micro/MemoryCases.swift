// Slots and timers: what each connection takes, looks up, sets and gives back.
//
// The slab's sources are linked into this module (Linked): the compiler does not specialise a
// generic type of another one, and then it takes 2,638 instructions instead of 34.

import DataPlane

/// About what a flow is.
private struct Record: BitwiseCopyable {
    var words = (0 as UInt64, 0 as UInt64, 0 as UInt64, 0 as UInt64, 0 as UInt64, 0 as UInt64)
}

private let population = 10_000

let memoryCases = [
    Case("slab-insert-change-remove") { times in
        var slab = Slab<Record>(capacity: population)
        for _ in 0..<times {
            guard let index = slab.insert(Record()) else { preconditionFailure("it is full") }
            slab[index].words.0 &+= 1
            keep(slab[index])
            slab.remove(index)
        }
    },
    Case("slab-look-up-among-10000") { times in
        var slab = Slab<Record>(capacity: population)
        let indices = (0..<population).compactMap { _ in slab.insert(Record()) }
        for number in 0..<times {
            slab[indices[number &* 7_919 % population]].words.0 &+= 1
        }
        keep(slab.count)
    },
    Case("wheel-set-again-among-10000") { times in
        var wheel = populated()
        for number in 0..<times {
            wheel.set(UInt32(number &* 7_919 % population), atMs: 30_000 + UInt64(number % 64))
        }
        keep(wheel.count)
    },
    Case("wheel-fire-and-set-among-10000") { times in
        var wheel = populated()
        var nowMs: UInt64 = 0
        var fired = 0
        while fired < times {
            nowMs += TimerWheel.tickMs
            while let timer = wheel.popExpired(nowMs: nowMs) {
                wheel.set(timer, atMs: nowMs + 10_000)
                fired += 1
            }
        }
        keep(wheel.count)
    },
]

/// A wheel with a timer for everybody, spread over ten seconds.
private func populated() -> TimerWheel {
    var wheel = TimerWheel(capacity: population, nowMs: 0)
    for timer in 0..<population { wheel.set(UInt32(timer), atMs: UInt64(timer) + 1) }
    return wheel
}
