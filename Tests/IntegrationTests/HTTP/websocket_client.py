"""A WebSocket client. Usage: websocket_client.py HOST:PORT. Exits 0 when all is as expected."""
import asyncio
import os
import sys

import websockets

ADDRESS = sys.argv[1]


def connect(path="/", **options):
    return websockets.connect(f"ws://{ADDRESS}{path}", max_size=1 << 25, **options)


async def echo(compression):
    async with connect(compression=compression) as socket:
        assert await socket.recv() == "welcome"
        for message in ("text ä", b"binary \x00\xff", "", os.urandom(1 << 20), "t" * (1 << 20)):
            await socket.send(message)
            assert await socket.recv() == message
        # Fragments of one message.
        await socket.send(["a", "b" * 70_000, "c"])
        assert await socket.recv() == "a" + "b" * 70_000 + "c"
        # Many at once, then their echoes in order.
        for number in range(500):
            await socket.send(str(number))
        for number in range(500):
            assert await socket.recv() == str(number)


async def pings():
    async with connect() as socket:
        assert await socket.recv() == "welcome"
        await asyncio.wait_for(await socket.ping(b"from the client"), 5)
        await socket.send("/ping")
        assert await socket.recv() == "pong came"


async def closes():
    async with connect() as socket:
        assert await socket.recv() == "welcome"
        await socket.close(4001, "bye")
    await asyncio.sleep(0.1)
    async with connect() as socket:
        assert await socket.recv() == "welcome"
        await socket.send("/last-close")
        assert await socket.recv() == "4001"
        await socket.send("/close 4002")
        try:
            await socket.recv()
            raise AssertionError("the origin's close did not arrive")
        except websockets.ConnectionClosedError as closed:
            assert closed.rcvd.code == 4002 and closed.rcvd.reason == "as told", closed


async def refused():
    try:
        async with connect("/refused"):
            raise AssertionError("the upgrade was not refused")
    except websockets.InvalidStatusCode as refusal:
        assert refusal.status_code == 403 and refusal.headers["X-Reason"] == "no", refusal


async def many():
    async def one(number):
        async with connect() as socket:
            assert await socket.recv() == "welcome"
            for _ in range(20):
                await socket.send(str(number))
                assert await socket.recv() == str(number)
    await asyncio.gather(*(one(number) for number in range(50)))


async def main():
    for check in (echo(None), echo("deflate"), pings(), closes(), refused(), many()):
        await asyncio.wait_for(check, 20)


asyncio.run(main())
