"""Origins and load generators: nginx, wrk, ab, iperf3, and those of `Benchmarks/programs`."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from compare import configurations, readings
from compare.candidates import nginx_command
from compare.errors import BenchmarkError
from compare.processes import Processes, Running
from compare.programs import Programs
from compare.readings import Load

# How much longer than asked for a load generator may take before it is given up.
GRACE_SECONDS = 30.0
# Of one process that holds clients; several addresses have ports for more.
CLIENTS_PER_HOLDER = 15_000
HOLD_SECONDS_MAX = 30.0
# The last part of the first source address of clients that only exist.
FIRST_HOST = 11


def start_http_origin(processes: Processes) -> int:
    """Starts an nginx that answers every request with 64 bytes; returns its port."""
    spool = processes.new_path("origin")
    _, port = processes.start_listening(
        "origin", processes.placement.load,
        lambda port: nginx_command(processes, configurations.nginx_origin(spool, port)))
    return port


def start_body_origin(processes: Processes, sizes: Sequence[int]) -> int:
    """Starts an nginx that serves `/SIZE` and takes posts to `/upload`; returns its port."""
    root = processes.new_path("bodies")
    root.mkdir()
    for size in sizes:
        (root / str(size)).write_bytes(b"x" * size)
    spool = processes.new_path("origin")
    _, port = processes.start_listening(
        "origin", processes.placement.load,
        lambda port: nginx_command(
            processes, configurations.nginx_body_origin(spool, port, root)))
    return port


def wrk(
    processes: Processes, port: int, connections: int, seconds: float, path: str = "/",
    upload_bytes: int = 0,
) -> Load:
    """Keep-alive requests on `connections` connections for about `seconds`.

    With `upload_bytes` they are posts of so many bytes. wrk knows whole seconds only; a part of one
    is ended by an interrupt, after which it reports as always.
    """
    whole = max(1, math.ceil(seconds))
    script = []
    if upload_bytes:
        lua = processes.new_path("upload.lua")
        lua.write_text(
            f'wrk.method = "POST"\nwrk.body = string.rep("x", {upload_bytes})\n')
        script = ["-s", str(lua)]
    return readings.wrk(processes.call("wrk", [
        "wrk", "-t1", f"-c{connections}", f"-d{whole}s", "--latency", "--timeout", "5s",
        *script, f"http://127.0.0.1:{port}{path}",
    ], whole + GRACE_SECONDS, interrupt_after=seconds if seconds < whole else None))


def ab(processes: Processes, port: int, connections: int, total: int) -> Load:
    """`total` requests with a connection each, at most `connections` at a time."""
    return readings.ab(processes.call("ab", [
        # -r: count a broken connection as a failure instead of giving up at the first one.
        "ab", "-q", "-r", "-s", "10", "-n", str(total), "-c", str(min(connections, total)),
        f"http://127.0.0.1:{port}/",
    ], 60 + total / 200), total)


def open_loop(
    processes: Processes, programs: Programs, port: int, connections: int, rate: int,
    seconds: float,
) -> Load:
    """Requests that come due `rate` times a second, whatever becomes of them, from one seed."""
    return readings.own_program("openloop", processes.call("openloop", [
        str(programs.path("openloop")), str(port), str(connections), str(rate),
        str(round(seconds * 1000)), "1",
    ], seconds + GRACE_SECONDS))


def bursts(
    processes: Processes, programs: Programs, port: int, connections: int, count: int
) -> Load:
    """`count` times `connections` new connections at once, with one request each."""
    return readings.own_program("burst", processes.call("burst", [
        str(programs.path("burst")), str(port), str(connections), str(count),
    ], 6 * count + GRACE_SECONDS))


@contextmanager
def held(
    processes: Processes, programs: Programs, port: int, clients: int, failures: list[str],
    first_host: int = FIRST_HOST, at_once: int = 1,
) -> Iterator[None]:
    """Within it there are `clients` more clients that have had one answer each and only exist.

    They come `at_once`, and one after the other when memory is looked at: buffers for many at the
    same time would be in it. Adds to `failures` when some of them were closed meanwhile.
    """
    holders: list[Running] = []
    try:
        while clients > 0:
            count = min(clients, CLIENTS_PER_HOLDER)
            clients -= count
            holders.append(processes.start("hold", [
                str(programs.path("hold")), str(port), str(count), str(first_host + len(holders)),
                str(at_once),
            ], processes.placement.load))
        for holder in holders:
            _await_ready(holder)
        yield
    finally:
        for holder in holders:
            processes.stop(holder)
    for holder in holders:
        told = re.search(r"^lost (\d+)$", holder.last_words(), re.MULTILINE)
        if told is None:
            failures.append(f"idle clients ended: {holder.last_words()}")
        elif told[1] != "0":
            failures.append(f"{told[1]} idle clients were closed")


def _await_ready(holder: Running) -> None:
    deadline = time.monotonic() + HOLD_SECONDS_MAX
    while not holder.log.read_text().startswith("ready"):
        holder.require_alive()
        if time.monotonic() > deadline:
            raise BenchmarkError("the idle clients do not get their answers")
        time.sleep(0.01)


def iperf3(
    processes: Processes, port: int, server_port: int, streams: int, gigabytes: float
) -> Load:
    """So many gigabytes (10^9 bytes) through `port` to an iperf3 server that is started for it.

    A server of its own, because one that was cut off in a transfer refuses the next one for long.
    """
    server = processes.start(
        "iperf3-server", ["iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", str(server_port)],
        processes.placement.load)
    try:
        if not processes.await_listening(server, server_port):
            raise BenchmarkError(f"iperf3 does not start: {server.last_words()}")
        text = processes.call("iperf3", [
            "iperf3", "-c", "127.0.0.1", "-p", str(port), "-n", str(round(gigabytes * 1e9)),
            "-P", str(streams), "--json",
        ], gigabytes + GRACE_SECONDS)
    finally:
        processes.stop(server)
    return readings.iperf3(text)
