// Which values of a traceparent field are taken for one (W3C Trace Context, section 3.2).

import Protocols
import Testing

@Suite struct TraceParentTests {
    private static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private static func isValid(_ text: String, around: String = "") -> Bool {
        let bytes = Array((around + text + around).utf8)
        let start = around.utf8.count
        return TraceParent.isValid(bytes.span, start..<start + text.utf8.count)
    }

    @Test(arguments: [
        valid,
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        // Flags are eight bits, whatever they say.
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
        // One bit is enough for an id.
        "00-00000000000000000000000000000001-8000000000000000-01",
        "00-f0000000000000000000000000000000-0000000000000001-01",
    ])
    func theseAreTaken(text: String) {
        #expect(Self.isValid(text))
        #expect(Self.isValid(text, around: "0"))
        #expect(text.utf8.count == TraceParent.byteCount)
    }

    @Test(arguments: [
        "", "00", "00-", "-",
        // Another version, and the one that there never is.
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "10-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        // No trace, no parent.
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        // Upper case.
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
        // A digit too few, one too many, and something behind it.
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        // Of the right length, with dashes elsewhere.
        "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        "004bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-001",
    ])
    func theseAreNot(text: String) {
        #expect(!Self.isValid(text))
        // Not either when what is missing stands next to it.
        #expect(!Self.isValid(text, around: "0"))
    }

    /// Every byte in every place: only a hexadecimal digit is as good as another one, and of the
    /// version not even that.
    @Test func everyPlaceCounts() {
        let valid = Array(Self.valid.utf8)
        let digits = Set("0123456789abcdef".utf8)
        for place in valid.indices {
            for byte in 0...UInt8.max where byte != valid[place] {
                var bytes = valid
                bytes[place] = byte
                let isFree = place > 1 && valid[place] != UInt8(ascii: "-")
                #expect(
                    TraceParent.isValid(bytes.span, 0..<bytes.count)
                        == (isFree && digits.contains(byte)), "\(byte) at \(place)")
            }
        }
    }
}
