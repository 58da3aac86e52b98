// The framing of bodies: chunks that are read along while they are passed on.

import Protocols

/// A body of so many chunks of so many bytes.
private func chunked(_ chunks: Int, of bytes: Int) -> [UInt8] {
    let line = Array((String(bytes, radix: 16) + "\r\n").utf8)
    let chunk = line + Array(repeating: 120, count: bytes) + [13, 10]
    return (0..<chunks).flatMap { _ in chunk } + Array("0\r\n\r\n".utf8)
}

private let largeChunks = chunked(16, of: 1_024)
private let smallChunks = chunked(64, of: 16)

let framingCases = [
    Case("chunks-16-of-1024-bytes") { decode(largeChunks, times: $0, pieceBytes: .max) },
    Case("chunks-64-of-16-bytes") { decode(smallChunks, times: $0, pieceBytes: .max) },
    Case("chunks-64-of-16-bytes-in-pieces-of-7") {
        decode(smallChunks, times: $0, pieceBytes: 7)
    },
]

private func decode(_ bytes: [UInt8], times: Int, pieceBytes: Int) {
    for _ in 0..<times {
        var decoder = ChunkedDecoder()
        var start = 0
        while !decoder.isFinished {
            let end = start + min(pieceBytes, bytes.count - start)
            keep(decoder.consume(bytes.span.extracting(start..<end)))
            start = end
        }
    }
}
