// What is written reads back as the same.

import Protocols
import TestSupport
import Testing

@testable import ControlPlane

@Suite struct RoundTripTests {
    @Test(arguments: 0..<400)
    func whatIsWrittenIsReadBack(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let configuration = Configuration.random(&random)
        let text = configuration.yaml
        do throws(ConfigurationError) {
            let again = try ConfigurationFiles.parse(text)
            #expect(again == configuration, "seed \(seed):\n\(text)")
            #expect(again.yaml == text)
        } catch {
            Issue.record("seed \(seed): \(error.lines(file: "f"))\n\(text)")
        }
    }

    /// A file that somebody is in the middle of changing: nothing traps, and what is wrong is told.
    @Test(arguments: 0..<40)
    func filesCutAndMixedAreNoTrap(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let source = Array((Configuration.random(&random).yaml + ConfigurationReference.text).utf8)
        for _ in 0..<20 {
            let start = random.pick(0...source.count - 1)
            var bytes = Array(source[start...].prefix(random.magnitude(upTo: 4096)))
            for _ in 0..<random.pick(0...8) where !bytes.isEmpty {
                let place = random.pick(0...bytes.count - 1)
                switch random.pick(0...3) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(random.pick(Array("&*!{}[]:,-?#'\"$%\t\n".utf8)), at: place)
                default: bytes.insert(contentsOf: source[start...].prefix(40), at: place)
                }
            }
            do throws(ConfigurationError) {
                let configuration = try ConfigurationFile.parse(bytes, environment: [:])
                #expect(!configuration.listeners.isEmpty)
            } catch {
                #expect(!error.lines(file: "f").isEmpty)
            }
        }
    }

    @Test func textsThatLookLikeOtherThingsStayTexts() throws {
        let texts = [
            "", "true", "null", "~", "1", "0x1F", "1e3", "1:30", "no", "- a", "a: b", "a #b",
            "$HOME",
            "${X}", "\"", "'", "\\", "\u{7}", "\u{85}", "\u{FEFF}", "é", "\u{1F600}", "[", "{}",
            "%",
            "@", "`", "a\nb", "\ttab", " x", "x ", "*a", "&a", "!a", "|", ">", "?", ":", "a:",
        ]
        for text in texts {
            var respond = Configuration.Respond()
            respond.body = text
            var route = Configuration.Route()
            route.name = "r"
            route.action = .respond(respond)
            var listener = Configuration.Listener()
            listener.name = "l"
            listener.addresses = [.anyHost(port: 1)]
            listener.routes = [route]
            var configuration = Configuration()
            configuration.listeners = [listener]
            #expect(try ConfigurationFiles.parse(configuration.yaml) == configuration, "\(text)")
        }
    }
}
