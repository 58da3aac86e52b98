"""Idle clients: what a connection costs that was used once and now only exists."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

from compare import counting, proc
from compare.candidates import Candidate, clients_max, standard
from compare.configurations import Protocol
from compare.load import start_http_origin
from compare.processes import BenchmarkError
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table

# A TCP client holds its connection to the origin.
CLIENTS = {Protocol.TCP: 4000, Protocol.HTTP: 8000}
SETTLE_SECONDS = 1.0
IDLE_SECONDS = 3.0
SOCKET_SECONDS_MAX = 5.0
REQUEST = b"GET / HTTP/1.1\r\nHost: origin\r\n\r\n"
METRICS = (
    Metric("bytesPerClient", "bytes/client", digits=0, has_spread=True, has_ratio=True),
    Metric("baseKiB", "base KiB", digits=0),
    Metric("cpuMsPerSecond", "CPU ms per idle s", digits=3, has_spread=True),
    Metric("callsPerSecond", "calls per idle s", digits=1, has_spread=True),
)


def measure(run: Run, protocol: Protocol) -> Iterator[Table]:
    counter = counting.available()
    assert counter is not None, "checked before any scenario begins"
    target = start_http_origin(run.processes)
    asked = CLIENTS[protocol]
    clients = min(asked // 8 if run.settings.is_quick else asked, clients_max())
    series = run.alternate_fresh(
        standard(run.settings.gyre, protocol), target,
        lambda candidate: _measure(run, counter, candidate, clients))
    yield Table(
        f"{protocol.value}-idle: {clients:,} clients", METRICS, series,
        note=f"Anonymous memory above that of the empty process, a new process per round; each "
             f"client has had one answer. Idle for {IDLE_SECONDS:.0f} s, counted with "
             f"{counter.tool}.")


def _measure(
    run: Run, counter: counting.Counting, candidate: Candidate, count: int
) -> Sample:
    pid = candidate.process.pid
    base = proc.anonymous_bytes(pid)
    clients: list[socket.socket] = []
    try:
        for _ in range(count):
            clients.append(_used_client(candidate.port))
        time.sleep(SETTLE_SECONDS)
        memory = proc.anonymous_bytes(pid) - base
        counted = counter(run.processes, pid)
        before, began = candidate.run_time(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        cost, seconds = candidate.run_time() - before, time.monotonic() - began
        calls = counted.finish()
        lost = sum(1 for client in clients if not _is_open(client))
    finally:
        for client in clients:
            client.close()
    return Sample({
        "bytesPerClient": memory / count, "baseKiB": base / 1024,
        "cpuMsPerSecond": cost.total_ns / 1e6 / seconds, "callsPerSecond": calls / seconds,
    }, [f"{lost} idle clients were closed"] if lost else [])


def _used_client(port: int) -> socket.socket:
    """A client that has had one answer."""
    client = socket.create_connection(("127.0.0.1", port), SOCKET_SECONDS_MAX)
    # Reset on close: thousands of ports in TIME_WAIT would be in the way of the next round.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sendall(REQUEST)
    answer = client.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        client.close()
        raise BenchmarkError(f"a client got {answer[:40]!r} for an answer")
    client.setblocking(False)
    return client


def _is_open(client: socket.socket) -> bool:
    """Reads what is there: the rest of an answer, nothing yet, or the end."""
    try:
        while client.recv(4096):
            pass
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False
