// Dates: known ones, and every day of a few centuries against a calendar that only counts.

import Protocols
import Testing

@Suite struct HTTPDateTests {
    private func text(_ seconds: Int64) -> String {
        withUnsafeTemporaryAllocation(byteCount: HTTPDate.bytes, alignment: 1) { memory in
            guard let start = memory.baseAddress else { return "" }
            var writer = HeadWriter(start, capacity: HTTPDate.bytes)
            HTTPDate.write(seconds, into: &writer)
            #expect(!writer.hasOverflowed && writer.count == HTTPDate.bytes)
            return String(decoding: memory[..<writer.count], as: UTF8.self)
        }
    }

    static let known: [(Int64, String)] = [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (253_402_300_800, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (.min, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ]

    @Test(arguments: known)
    func knownDates(seconds: Int64, expected: String) {
        #expect(text(seconds) == expected)
    }

    @Test func everyDayOfFourCenturies() {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months: [(String, Int)] = [
            ("Jan", 31), ("Feb", 28), ("Mar", 31), ("Apr", 30), ("May", 31), ("Jun", 30),
            ("Jul", 31), ("Aug", 31), ("Sep", 30), ("Oct", 31), ("Nov", 30), ("Dec", 31),
        ]
        var days: Int64 = 0
        for year in 1970..<2370 {
            let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            for (month, length) in months {
                let lastDay = month == "Feb" && isLeap ? 29 : length
                for day in 1...lastDay {
                    let date = "\(day < 10 ? "0" : "")\(day) \(month) \(year)"
                    let expected = "\(weekdays[Int(days % 7)]), \(date) 12:34:56 GMT"
                    #expect(text(days * 86_400 + 45_296) == expected)
                    days += 1
                }
            }
        }
    }
}
