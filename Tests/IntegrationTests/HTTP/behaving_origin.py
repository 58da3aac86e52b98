"""An HTTP/1.1 origin that does what the request's path says. Prints its port.

/inspect                 what it got, as JSON
/sha256                  the digest of the body; an awaited 100 is sent first
/echo                    the body, as it comes
/bytes/N                 N bytes with Content-Length
/chunked/N/SIZE          N chunks of SIZE bytes
/until-close/N           HTTP/1.0, N bytes up to the end of the connection
/drip/N/MS               N bytes of a Content-Length body, one at a time
/delay/MS                an answer after a while
/trailers                a chunked body with trailers
/interim                 103 with a Link, 100, then 200
/refuse/STATUS           a final answer before the body, which is then read to its end
/refuse-and-close/STATUS a final answer instead of the body, and the connection's end
/early/MS                200 at once, the body is read MS later
/close-after             an answer that does not say that the connection ends, which it does
/cut/N                   half of N bytes of Content-Length, then the end
/cut-chunks/N            N bytes of chunks, no last chunk, then the end
/duplicates              fields that come more than once
/huge-head/N             N bytes of fields
/garbage                 no HTTP
/never                   no answer
/reset                   a reset
/status/N                an empty answer
"""
import asyncio
import hashlib
import json
import socket
import struct


class Request:
    """One request; its body is read when the behaviour asks for it."""

    def __init__(self, reader, writer, head):
        lines = head.decode("latin-1").split("\r\n")[:-2]
        self.method, self.target, self.version = lines[0].split(" ")
        self.fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.reader, self.writer = reader, writer
        self.trailers = []
        self.is_read = False

    def field(self, name):
        values = [value for key, value in self.fields if key.lower() == name]
        return values[0] if values else None

    @property
    def is_chunked(self):
        return self.field("transfer-encoding") == "chunked"

    async def body(self):
        """The pieces of the body; sends the 100 that the client waits for."""
        if self.is_read:
            return
        self.is_read = True
        if self.field("expect") == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self.is_chunked:
            left = int(self.field("content-length") or 0)
            while left > 0:
                piece = await self.reader.read(min(left, 1 << 16))
                if not piece:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(piece)
                yield piece
            return
        while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await self.reader.readexactly(size)
            assert await self.reader.readexactly(2) == b"\r\n"
        while (line := await self.reader.readuntil(b"\r\n")) != b"\r\n":
            self.trailers.append(line.decode("latin-1").strip().split(": ", 1))

    async def digest(self):
        digest, count = hashlib.sha256(), 0
        async for piece in self.body():
            digest.update(piece)
            count += len(piece)
        return digest.hexdigest(), count

    async def answer(self, body, status="200 OK", fields=""):
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode()
        self.writer.write(head if self.method == "HEAD" else head + body)
        await self.writer.drain()


async def inspect(request):
    digest, count = await request.digest()
    report = {
        "method": request.method, "target": request.target, "version": request.version,
        "fields": request.fields, "trailers": request.trailers,
        "bytes": count, "sha256": digest,
    }
    await request.answer(json.dumps(report).encode(), fields="Content-Type: application/json\r\n")


async def sha256(request):
    await request.answer((await request.digest())[0].encode())


async def echo(request):
    length = "Transfer-Encoding: chunked"
    if not request.is_chunked:
        length = f"Content-Length: {request.field('content-length') or 0}"
    # The head goes out with the first piece: a client that awaits 100 must get that first.
    head = f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode()
    async for piece in request.body():
        framed = b"%x\r\n%b\r\n" % (len(piece), piece) if request.is_chunked else piece
        request.writer.write(head + framed)
        head = b""
        await request.writer.drain()
    request.writer.write(head + (b"0\r\n\r\n" if request.is_chunked else b""))


async def send_bytes(request, count):
    await request.answer(b"b" * int(count))


async def chunked(request, count, size):
    request.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"%x\r\n%b\r\n" % (int(size), b"c" * int(size))
    for _ in range(int(count)):
        request.writer.write(chunk)
        await request.writer.drain()
    request.writer.write(b"0\r\n\r\n")


async def until_close(request, count):
    request.writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    request.writer.write(b"u" * int(count))
    return True


async def drip(request, count, ms):
    request.writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n".encode())
    for _ in range(int(count)):
        request.writer.write(b"d")
        await asyncio.sleep(int(ms) / 1000)


async def delay(request, ms):
    await asyncio.sleep(int(ms) / 1000)
    await request.answer(b"late")


async def trailers(request):
    request.writer.write(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Count\r\n\r\n"
        b"5\r\nhello\r\n0\r\nX-Sum: abc\r\nX-Count: 1\r\n\r\n")


async def interim(request):
    request.writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
    await asyncio.sleep(0.05)
    request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    await request.answer(b"final")


async def refuse(request, status):
    request.fields = [field for field in request.fields if field[0].lower() != "expect"]
    await request.answer(b"refused", status=f"{status} Refused")


async def refuse_and_close(request, status):
    await request.answer(b"refused", status=f"{status} Refused", fields="Connection: close\r\n")
    request.is_read = True
    return True


async def early(request, ms):
    await request.answer(b"early")
    await asyncio.sleep(int(ms) / 1000)


async def close_after(request):
    await request.answer(b"bye")
    return True


async def cut(request, count):
    request.writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n".encode())
    request.writer.write(b"h" * (int(count) // 2))
    return True


async def cut_chunks(request, count):
    request.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    request.writer.write(b"%x\r\n%b\r\n" % (int(count), b"h" * int(count)))
    return True


async def duplicates(request):
    cookies = "Set-Cookie: a=1\r\nVary: X-A\r\nSet-Cookie: b=2\r\nVary: X-B\r\nset-cookie: c=3\r\n"
    await request.answer(b"", fields=cookies)


async def huge_head(request, count):
    fields = "".join(f"X-Field-{number:02}: {'f' * (int(count) // 64 - 15)}\r\n"
                     for number in range(64))
    await request.answer(b"huge", fields=fields)


async def garbage(request):
    request.writer.write(b"\x00\x01\x02 this is no HTTP\r\n\r\n")
    return True


async def never(request):
    await asyncio.sleep(3600)


async def reset(request):
    linger = struct.pack("ii", 1, 0)
    request.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    return True


async def status(request, number):
    await request.answer(b"", status=f"{number} Status")


BEHAVIOURS = {
    "inspect": inspect, "sha256": sha256, "echo": echo, "bytes": send_bytes, "chunked": chunked,
    "until-close": until_close, "drip": drip, "delay": delay, "trailers": trailers,
    "interim": interim, "refuse": refuse, "refuse-and-close": refuse_and_close, "early": early,
    "close-after": close_after, "cut": cut, "cut-chunks": cut_chunks, "duplicates": duplicates,
    "huge-head": huge_head, "garbage": garbage, "never": never, "reset": reset, "status": status,
}


async def serve(reader, writer):
    try:
        while True:
            request = Request(reader, writer, await reader.readuntil(b"\r\n\r\n"))
            name, *arguments = request.target.split("?")[0].strip("/").split("/")
            if await BEHAVIOURS[name](request, *arguments):
                break
            async for _ in request.body():
                pass
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
