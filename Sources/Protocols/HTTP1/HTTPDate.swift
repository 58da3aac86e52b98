// Dates in fields.

/// Dates as HTTP writes them.
package enum HTTPDate {
    /// Bytes of a date.
    package static let bytes = 29

    /// The last second of the year 9999, the last that can be written.
    private static let secondsMax: Int64 = 253_402_300_799

    /// Writes an IMF-fixdate (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter unixSeconds: seconds since 1970-01-01 00:00 UTC without leap seconds; what is
    ///   outside the years 1970 to 9999 is moved to their ends.
    package static func write(_ unixSeconds: Int64, into writer: inout HeadWriter) {
        let seconds = min(max(unixSeconds, 0), secondsMax)
        let days = seconds / 86_400
        let (year, month, day) = civil(days)
        // 1970-01-01 was a Thursday.
        writer.append(weekday((days + 4) % 7))
        writer.append(", ")
        twoDigits(day, &writer)
        writer.append(ASCII.space)
        writer.append(monthName(month))
        writer.append(ASCII.space)
        twoDigits(year / 100, &writer)
        twoDigits(year % 100, &writer)
        writer.append(ASCII.space)
        twoDigits(seconds / 3600 % 24, &writer)
        writer.append(ASCII.colon)
        twoDigits(seconds / 60 % 60, &writer)
        writer.append(ASCII.colon)
        twoDigits(seconds % 60, &writer)
        writer.append(" GMT")
    }

    /// Year, month and day of a day since 1970-01-01, in the Gregorian calendar. Counted in years
    /// that begin in March, so that the leap day is the last one (Howard Hinnant,
    /// "chrono-compatible low-level date algorithms", `civil_from_days`).
    package static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func twoDigits(_ number: Int64, _ writer: inout HeadWriter) {
        writer.append(ASCII.zero + UInt8(truncatingIfNeeded: number / 10))
        writer.append(ASCII.zero + UInt8(truncatingIfNeeded: number % 10))
    }

    private static func weekday(_ day: Int64) -> StaticString {
        switch day {
        case 0: "Sun"
        case 1: "Mon"
        case 2: "Tue"
        case 3: "Wed"
        case 4: "Thu"
        case 5: "Fri"
        default: "Sat"
        }
    }

    /// The short name of a month, 1 to 12.
    package static func monthName(_ month: Int64) -> StaticString {
        switch month {
        case 1: "Jan"
        case 2: "Feb"
        case 3: "Mar"
        case 4: "Apr"
        case 5: "May"
        case 6: "Jun"
        case 7: "Jul"
        case 8: "Aug"
        case 9: "Sep"
        case 10: "Oct"
        case 11: "Nov"
        default: "Dec"
        }
    }
}
