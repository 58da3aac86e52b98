// What somebody may have meant who wrote something else.

/// Finds the nearest of several words.
enum Suggestion {
    /// Longer words are not compared.
    private static let bytesMax = 64

    /// The word that takes the fewest edits to become `text`; `nil` when all take more than a third
    /// of its length. The first in alphabetical order among equals.
    static func nearest(to text: String, among words: some Sequence<String>) -> String? {
        let bytes = Array(text.lowercased().utf8)
        guard !bytes.isEmpty, bytes.count <= bytesMax else { return nil }
        let limit = max(1, bytes.count / 3)
        return words.compactMap { word -> (distance: Int, word: String)? in
            let other = Array(word.lowercased().utf8)
            guard other.count <= bytesMax, abs(other.count - bytes.count) <= limit else {
                return nil
            }
            let distance = distance(bytes, other)
            return distance <= limit && distance < other.count ? (distance, word) : nil
        }.min { $0 < $1 }?.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours, one each (optimal string
    /// alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
