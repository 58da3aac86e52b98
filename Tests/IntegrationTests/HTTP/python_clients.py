"""Real clients: requests (urllib3) and aiohttp, with sessions that keep connections.

Usage: python_clients.py BASE_URL. Exits 0 when all is as expected; else the failed check is told.
"""
import asyncio
import hashlib
import sys

import aiohttp
import requests

BODY = bytes(range(256)) * 8192
DIGEST = hashlib.sha256(BODY).hexdigest()


def pieces():
    for start in range(0, len(BODY), 100_000):
        yield BODY[start:start + 100_000]


def with_requests(base):
    with requests.Session() as session:
        for _ in range(3):
            report = session.get(base + "/inspect", params={"q": "ä b"}, timeout=10).json()
            assert report["target"] == "/inspect?q=%C3%A4+b", report
            assert session.post(base + "/sha256", data=BODY, timeout=10).text == DIGEST
            # An iterator is sent chunked.
            assert session.post(base + "/sha256", data=pieces(), timeout=10).text == DIGEST
            echoed = session.put(base + "/echo", data=pieces(), timeout=10)
            assert echoed.content == BODY and "Content-Length" not in echoed.headers
            assert session.get(base + "/chunked/50/4000", timeout=10).content == b"c" * 200_000
            assert session.get(base + "/until-close/5000", timeout=10).content == b"u" * 5000
            assert session.head(base + "/bytes/100", timeout=10).headers["Content-Length"] == "100"
            assert session.get(base + "/status/204", timeout=10).content == b""
            assert session.get(base + "/status/404", timeout=10).status_code == 404
        duplicates = session.get(base + "/duplicates", timeout=10)
        assert duplicates.cookies.get_dict() == {"a": "1", "b": "2", "c": "3"}
        assert duplicates.headers["Vary"] == "X-A, X-B", duplicates.headers
        # requests does not compare a body with its Content-Length.
        try:
            session.get(base + "/cut-chunks/100000", timeout=10)
            raise AssertionError("a body that was cut looked complete")
        except requests.exceptions.ChunkedEncodingError:
            pass
        assert session.get(base + "/garbage", timeout=10).status_code == 502


async def stream():
    for piece in pieces():
        yield piece
        await asyncio.sleep(0)


async def with_aiohttp(base):
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        async def digest(data, **options):
            async with session.post(base + "/sha256", data=data, **options) as response:
                assert await response.text() == DIGEST
        async def late(milliseconds):
            async with session.get(f"{base}/delay/{milliseconds}") as response:
                assert await response.read() == b"late"
        await asyncio.gather(
            *(digest(BODY) for _ in range(8)), *(digest(stream()) for _ in range(8)),
            *(digest(BODY, expect100=True) for _ in range(4)),
            *(late(number * 10) for _ in range(3) for number in range(20)))
        async with session.get(base + "/huge-head/7000") as response:
            assert len(response.headers["X-Field-63"]) > 80
        async with session.get(base + "/interim") as response:
            assert response.status == 200 and await response.read() == b"final"
        for path in ("/cut/100000", "/cut-chunks/100000"):
            try:
                async with session.get(base + path) as response:
                    await response.read()
                raise AssertionError(f"{path} looked complete")
            except aiohttp.ClientPayloadError:
                pass


with_requests(sys.argv[1])
asyncio.run(with_aiohttp(sys.argv[1]))
