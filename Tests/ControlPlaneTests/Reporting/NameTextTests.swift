// What the log says of names.

import DataPlane
import Testing

@testable import ControlPlane

@Suite struct NameTextTests {
    private static let question = NameQuestion.host("app.test", port: 80)

    private static func text(_ before: [NamedAddress], _ after: [NamedAddress]) -> String {
        NameChange(question: question, before: before, after: after).text
    }

    private static func addresses(_ hosts: ClosedRange<UInt8>) -> [NamedAddress] {
        hosts.map { NamedAddress(address: address($0, 80)) }
    }

    @Test func whatIsNewAndWhatIsGone() {
        #expect(
            Self.text(Self.addresses(1...2), Self.addresses(2...3))
                == "app.test:80 has 2 addresses now: new 127.0.0.3:80; gone 127.0.0.1:80")
        #expect(
            Self.text(Self.addresses(1...2), Self.addresses(1...1))
                == "app.test:80 has 1 address now: gone 127.0.0.2:80")
        #expect(
            Self.text(
                Self.addresses(1...1), [NamedAddress(address: address(1, 80), weight: 2)])
                == "app.test:80 has 1 address now: other weights")
    }

    @Test func aLineHasAnEnd() {
        let text = Self.text(Self.addresses(1...1), Self.addresses(1...200))
        #expect(text.hasSuffix("127.0.0.9:80 and 191 more"))
        #expect(text.utf8.count < 250)
    }

    @Test func eventsThatFollowOneAnotherAreOne() {
        var news = NameNews()
        news.note(.failing("reason"))
        #expect(
            news.trouble?.text(of: Self.question)
                == "cannot resolve app.test:80: reason; its last addresses stay")
        #expect(news.addresses == nil)
        news.note(.recovered)
        news.note(.changed(Self.addresses(1...1)))
        news.note(.changed(Self.addresses(2...2)))
        #expect(news.trouble?.text(of: Self.question) == "app.test:80 is resolved again")
        #expect(news.addresses == Self.addresses(2...2))
    }
}
