"""Messages for the comparison: made from parts, good and bad ones, and then damaged a little."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH"]
ODD_METHODS = [b"get", b"M-SEARCH", b"G\tT", b"G@T", b"", b"X" * 33, b"X" * 32, b"PRI", b"G\x00"]
TARGETS = [
    b"/", b"/a/b?c=d", b"/%20", b"/?a[]=b", b"http://a/", b"http://a", b"http://a:80/b?c",
    b"*",
]
ODD_TARGETS = [
    b"a:443", b"x", b"/a#b", b"/%2", b"/a\\b", b"/\xe4", b"/a\x00b", b"http://u@a/", b"ftp://a/",
    b"https://A/", b"http:///", b"/<a>", b'/"', b"**", b"[::1]:443", b"http://[::1]:80/", b"",
    b"/ a", b"/\t", b"//b", b"/?100%", b"http://a%zz/", b"http://a:65536/", b"/{}|^`", b"a:0",
]
VERSIONS = [b"HTTP/1.1"] * 12 + [b"HTTP/1.0"] * 2
ODD_VERSIONS = [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2", b"http/1.1", b"HTTP/1.10", b"HTTP/1", b""]
STATUSES = [b"200 OK"] * 8 + [
    b"204 No Content", b"304 Not Modified", b"100 Continue", b"103 Early", b"404 Not Found",
    b"500 ", b"200", b"101 Switching", b"599 x", b"205 Reset",
]
ODD_STATUSES = [
    b"099 x", b"600 x", b"999 x", b"20 x", b"2000 x", b"+20 x", b"200OK", b"200\tOK", b"200  OK",
    b"200 O\x01K", b"200 \xe4", b"200 O\x7fK", b"200 \x00",
]
HOSTS = [b"Host: a"] * 8 + [b"host:a", b"HOST: a:80", b"Host:\ta "]
ODD_HOSTS = [
    b"Host:", b"Host: a b", b"Host: u@a", b"Host: a, b", b"Host: a/", b"Host: [::1]:80",
    b"Host: [::1", b"Host: a:b", b"Host: :80", b"Host : a", b"Host: a\r\nHost: a", b"Host: b",
    b"Host: a%41", b"Host: a%4", b"Host: [fe80::1%25a]", b"Host: a:65536", b"Host: a:", b"X: y",
    b"Host: a\\b", b"Host: !$&'()*+,;=~", b"Host: \xe4", b"Host: [1:2:3:4:5:6:7:8:9]",
]
FIELDS = [
    b"X: y", b"Accept: */*", b"User-Agent: a b (c)", b"Cookie: a=b; c=d", b"X:", b"X-Y:\tz\t",
    b"Connection: keep-alive", b"Connection: close", b"Connection: X, te", b"TE: trailers",
    b"Trailer: X", b"Upgrade: websocket", b"Connection: upgrade", b"Via: 1.1 x", b"X: \xe4",
    b"Expect: 100-continue", b"Max-Forwards: 5", b"Date: now", b"X: a\tb", b"ETag: \"x\"",
]
ODD_FIELDS = [
    b"X : y", b"X\t: y", b" X: y", b"\tfolded", b": y", b"X", b"X\x00: y", b"X: a\x00b",
    b"X: a\x01b",
    b"X: a\x7f", b"X: \x0bb", b"X: a\rb", b"X: a\nY: b", b"X\xe4: y", b"X(: y", b"", b"X: y\n",
    b"X: y\r", b"Connection: content-length", b"Connection: host", b"Connection: a b",
    b"Connection: \"close\"", b"Connection: ,,", b"Connection: " + b"x," * 40, b"Expect: x",
    b"Expect:", b"Expect: 100-continue, x", b"Max-Forwards: x", b"Max-Forwards:", b"Upgrade:",
    b"Connection: transfer-encoding",
]
LENGTHS = [b"Content-Length: 5"] * 4 + [b"content-length:0", b"Content-Length: 3 "]
ODD_LENGTHS = [
    b"Content-Length: 5, 5", b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: +5",
    b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length:", b"Content-Length: 0x5",
    b"Content-Length: -1", b"Content-Length: 9223372036854775808", b"Content-Length: 005",
    b"Content-Length: 99999999999999999999999999", b"Content-Length: 5 5", b"Content-Length : 5",
    b"Content-Length: 5,6", b"Content-Length: 5,", b"Content-Length: \xb2",
    b"Content-Length: 5\x0b",
    b"Content-Length: 5;a", b"Content_Length: 5", b"Content-Length: 1_0",
]
CODINGS = [b"Transfer-Encoding: chunked"] * 4 + [b"transfer-encoding:CHUNKED"]
ODD_CODINGS = [
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding:\r\n chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Transfer-Encoding: chunked,",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked;a=b",
    b"Transfer-Encoding: \"chunked\"", b"Transfer_Encoding: chunked",
    b"Transfer-Encoding: chunked\x00",
]
SIZES = [b"1", b"5", b"a", b"A", b"0010", b"5;a", b"5;a=b", b'5;a="b c"', b"5;a=b;c", b'5;a="\\""']
ODD_SIZES = [
    b"0x5", b"+5", b"-5", b" 5", b"5 ", b"5\t", b"5;", b"5;a=", b"5;=b", b"5;a b", b"5 ;a",
    b"5; a = b",
    b"5;a\n", b"5;a\rb", b'5;a="b', b'5;a="\n"', b"5\n", b"g", b"", b"5,", b"8000000000000000",
    b"00000000000000000005", b"fffffffffffffffff", b"5;\x00", b"5;a\xe4", b"5\x00",
    b"5;" + b"a" * 1100,
]
TRAILERS = [b"", b"", b"", b"X: y\r\n", b"X:\r\nY: z\t\r\n", b"X: \xe4\r\n"]
ODD_TRAILERS = [
    b"Content-Length: 5\r\n", b"X : y\r\n", b" X: y\r\n", b"X: y\r\n z\r\n", b"X: y\n", b"X\r\n",
    b"X: a\x00\r\n", b"X: a\x01\r\n", b": y\r\n", b"Host: b\r\n", b"X: a\x7f\r\n", b"X: a\rb\r\n",
    b"Transfer-Encoding: x\r\n", b"If-Match: x\r\n",
]
NOISE = [
    b"\r", b"\n", b"\r\n", b" ", b"\t", b"\x00", b"\x0b", b":", b",", b";", b"0", b"\xff", b"x"]


@dataclass(frozen=True)
class Message:
    """One message: `q` request, `r` response, `h` response to HEAD, `c` response to CONNECT."""

    kind: str
    text: bytes


def message(random: Random) -> Message:
    """The next message."""
    kind = random.choices("qrhc", [60, 30, 5, 5])[0]
    lines = [_start_line(random, kind)]
    if kind == "q" and not _chance(random, 3):
        lines.append(_pick(random, HOSTS, ODD_HOSTS))
    framing = random.choice(["", "length", "coding"])
    if framing == "length":
        lines.append(_pick(random, LENGTHS, ODD_LENGTHS))
    elif framing == "coding":
        lines.append(_pick(random, CODINGS, ODD_CODINGS))
    for _ in range(random.choice([0, 0, 1, 1, 2, 3])):
        lines.append(_pick(random, FIELDS, ODD_FIELDS))
    fields = lines[1:]
    random.shuffle(fields)
    text = b"\r\n".join([lines[0], *fields, b"", b""])
    if _chance(random, 3):
        text = b"\r\n" + text
    text += _body(random, framing)
    while _chance(random, 25):
        text = _damage(random, text)
    # Nothing at all would tell h11 that the connection has ended.
    return Message(kind, text or b"\r")


def _start_line(random: Random, kind: str) -> bytes:
    version = _pick(random, VERSIONS, ODD_VERSIONS, 3)
    if kind != "q":
        return version + b" " + _pick(random, STATUSES, ODD_STATUSES, 8)
    method = _pick(random, METHODS, ODD_METHODS, 5)
    target = _pick(random, TARGETS, ODD_TARGETS, 20)
    if method == b"CONNECT" and not _chance(random, 30):
        target = b"a:443"
    elif target == b"*":
        method = b"OPTIONS"
    return b" ".join([method, target, version])


def _body(random: Random, framing: str) -> bytes:
    rest = random.choice([b"", b"", b"GET /next HTTP/1.1\r\n\r\n", b"x"])
    if framing == "length":
        return b"hello"[: random.choice([5, 5, 5, 3])] + rest
    if framing != "coding":
        return rest
    text = b""
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        size = _pick(random, SIZES, ODD_SIZES, 8)
        digits = size.split(b";")[0]
        count = int(digits, 16) if digits.isalnum() and len(digits) < 5 and _is_hex(digits) else 5
        end = b"\r\n" if not _chance(random, 3) else random.choice([b"\n", b"\r", b"", b"x\r\n"])
        text += size + b"\r\n" + b"x" * count + end
    last = random.choice([b"0", b"0", b"00", b"0;a"])
    return text + last + b"\r\n" + _pick(random, TRAILERS, ODD_TRAILERS, 15) + b"\r\n" + rest


def _is_hex(digits: bytes) -> bool:
    return all(byte in b"0123456789abcdefABCDEF" for byte in digits)


def _pick(random: Random, good: list[bytes], odd: list[bytes], percent: int = 10) -> bytes:
    return random.choice(odd if _chance(random, percent) else good)


def _chance(random: Random, percent: int) -> bool:
    return random.randrange(100) < percent


def _damage(random: Random, text: bytes) -> bytes:
    place = random.randrange(len(text) + 1)
    how = random.randrange(5)
    if how == 0:
        return text[:place] + random.choice(NOISE) + text[place:]
    if how == 1:
        return text[:place] + text[place + 1 :]
    if how == 2:
        return text[:place] + bytes([random.randrange(256)]) + text[place + 1 :]
    if how == 3:
        return text[:place]
    length = random.randrange(1, 20)
    return text[: place + length] + text[place:]
