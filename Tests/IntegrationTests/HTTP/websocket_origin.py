"""A WebSocket origin: echoes, and does what a text that starts with a slash says. Prints its port.

A handshake for /refused is answered with 403 and no upgrade.
"""
import asyncio
import http

import websockets

last_close_code = None


async def serve(socket):
    global last_close_code
    # At once: it may reach the proxy together with the 101.
    await socket.send("welcome")
    try:
        async for message in socket:
            if message == "/ping":
                await (await socket.ping(b"from the origin"))
                await socket.send("pong came")
            elif message == "/last-close":
                await socket.send(str(last_close_code))
            elif isinstance(message, str) and message.startswith("/close "):
                await socket.close(int(message.split()[1]), "as told")
            else:
                await socket.send(message)
    except websockets.ConnectionClosedError:
        pass
    last_close_code = socket.close_code


async def refuse(path, _headers):
    if path == "/refused":
        return http.HTTPStatus.FORBIDDEN, [("X-Reason", "no")], b"not here"
    return None


async def main():
    async with websockets.serve(
            serve, "127.0.0.1", 0, process_request=refuse, max_size=1 << 25) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
