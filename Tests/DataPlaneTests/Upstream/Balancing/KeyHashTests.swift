// The hash against another implementation, and how it spreads.

import Protocols
import TestSupport
import Testing

@testable import DataPlane

@Suite struct KeyHashTests {
    /// What CPython 3.11, whose `hash` of bytes is SipHash-1-3, says with PYTHONHASHSEED=0 (both
    /// seeds are 0 then) to `bytes(range(count))`.
    @Test(
        arguments: [
            (1, 0x68A9_1412_8E01_E473), (7, 0x2F09_8AB0_C751_325A), (8, 0xEAD4_11E6_7EBE_2EEA),
            (9, 0x7592_7F9D_9512_4362), (15, 0xF30E_B725_BB91_C9EA), (16, 0x8972_1884_33A5_C5B7),
            (17, 0x4883_C49A_2C00_9C1D), (63, 0x385D_3E39_E5F3_7359),
        ] as [(Int, UInt64)])
    func agreesWithPython(count: Int, expected: UInt64) {
        let bytes = (0..<count).map { UInt8($0) }
        #expect(SipHash.hash(bytes.span, 0..<count, seeds: (0, 0)) == expected)
    }

    @Test func wordsAreTheirBytes() {
        let bytes = (0..<16).map { UInt8($0) }
        #expect(
            SipHash.hash(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, seeds: (3, 4))
                == SipHash.hash(bytes.span, 0..<16, seeds: (3, 4)))
    }

    @Test func onlyTheRangeCounts() {
        let bytes = Array("abc/path?x".utf8)
        let alone = Array("/path".utf8)
        #expect(BalanceKey.hash(bytes.span, 3..<8) == BalanceKey.hash(alone.span, 0..<5))
    }

    /// Seeds are for ever: another answer here sends every key somewhere else.
    @Test func keysKeepTheirHashes() {
        let path = Array("/index.html".utf8)
        #expect(BalanceKey.hash(path.span, 0..<path.count) == 945_893_634_903_228_519)
        #expect(BalanceKey.hash(IPBytes(ipv4: 0xC000_0201)) == 4_991_597_028_511_851_842)
        #expect(StickyName.of(Array("10.0.0.1:80".utf8)) == 5_107_419_706_996_553_014)
    }
}
