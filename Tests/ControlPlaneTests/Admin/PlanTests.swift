// What one configuration changes against another.

import ControlPlane
import Testing

@Suite struct PlanTests {
    private let old = [
        PlanPart(.process, "process", [("workers", "2")]),
        PlanPart(.listener, "web", [("address", ":80"), ("protocol", "http")]),
        PlanPart(.listener, "db", [("address", ":5432")]),
        PlanPart(.endpoint, "api/10.0.0.1:80", [("weight", "1")]),
    ]

    @Test func theSameIsNoChange() {
        #expect(Plan.between(old, old) == [])
        // The order of anything but routes decides nothing.
        #expect(Plan.between(old, old.reversed()) == [])
    }

    @Test func everyChangeIsFoundWithItsConnections() {
        let new = [
            PlanPart(.process, "process", [("workers", "2")]),
            PlanPart(.listener, "web", [("address", ":8080"), ("timeouts.head", "5s")]),
            PlanPart(.listener, "admin", [("address", ":1")]),
            PlanPart(.endpoint, "api/10.0.0.1:80", [("weight", "3")]),
        ]
        let changes = Plan.between(old, new) { kind, name in
            kind == .listener ? UInt64(name.count) : nil
        }
        let expected = [
            PlanChange(action: .removed, kind: .listener, name: "db", connections: 2),
            PlanChange(
                action: .changed, kind: .listener, name: "web",
                settings: [
                    PlanChange.Setting("protocol", from: "http", to: nil),
                    PlanChange.Setting("address", from: ":80", to: ":8080"),
                    PlanChange.Setting("timeouts.head", from: nil, to: "5s"),
                ], connections: 3),
            PlanChange(action: .added, kind: .listener, name: "admin"),
            PlanChange(
                action: .changed, kind: .endpoint, name: "api/10.0.0.1:80",
                settings: [PlanChange.Setting("weight", from: "1", to: "3")]),
        ]
        #expect(changes == expected)
    }

    @Test func secretsAreComparedAndNotTold() {
        let parts = { (token: String) in [PlanPart(.process, "process", [("admin.token", token)])] }
        #expect(Plan.between(parts("one"), parts("one")) == [])
        let setting = PlanChange.Setting("admin.token", from: "(hidden)", to: "(hidden)")
        #expect(Plan.between(parts("one"), parts("two")).map(\.settings) == [[setting]])
        let gone = Plan.between(parts("one"), [PlanPart(.process, "process")]).map(\.settings)
        #expect(gone == [[PlanChange.Setting("admin.token", from: "(hidden)", to: nil)]])
    }

    @Test func namesAreApartByKind() {
        let one = [PlanPart(.upstream, "a")]
        let other = [PlanPart(.route, "a")]
        #expect(
            Plan.between(one, other) == [
                PlanChange(action: .added, kind: .route, name: "a"),
                PlanChange(action: .removed, kind: .upstream, name: "a"),
            ])
    }

    static let orders: [(old: String, new: String, moved: String)] = [
        ("abc", "abc", ""), ("abcde", "eabcd", "e"), ("abcde", "bcdea", "a"),
        ("abcde", "acbde", "b"), ("abc", "cba", "ab"), ("abc", "xaybzc", ""), ("abc", "c", ""),
    ]

    /// Where routes are looked at in their order, a place is a setting; as few as possible move.
    @Test(arguments: orders)
    func routesThatMoveAreChanges(old: String, new: String, moved: String) {
        let parts = { (names: String) in names.map { PlanPart(.route, String($0)) } }
        let changes = Plan.between(parts(old), parts(new))
        let found = changes.filter { $0.action == .moved }.map(\.name)
        #expect(found.count == moved.count)
        let rest = new.filter { old.contains($0) && !found.contains(String($0)) }
        let before = old.filter { rest.contains($0) }
        #expect(String(rest) == String(before), "what did not move is in its order")
        #expect(
            Plan.between(parts(old).map { PlanPart(.upstream, $0.name) }, []).count == old.count)
    }

    @Test func mistakesTellTheirPlace() {
        let mistake = MistakeReport(line: 3, column: 5, message: "unknown key 'lisen'")
        #expect(mistake.text(file: "a.yaml") == "a.yaml:3:5: unknown key 'lisen'")
        #expect(MistakeReport(file: "b", message: "no").text(file: "a") == "b: no")
    }
}
