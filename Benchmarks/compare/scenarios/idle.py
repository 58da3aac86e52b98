"""Idle flows: what a connection costs that was used once and now only exists."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

from compare import counting, proc
from compare.candidates import Candidate, flows_max, standard
from compare.load import start_http_origin
from compare.processes import BenchmarkError
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table

FLOWS = 4000
SETTLE_SECONDS = 1.0
IDLE_SECONDS = 3.0
SOCKET_SECONDS_MAX = 5.0
REQUEST = b"GET / HTTP/1.1\r\nHost: origin\r\n\r\n"
METRICS = (
    Metric("bytesPerFlow", "bytes/flow", digits=0, has_spread=True, has_ratio=True),
    Metric("baseKiB", "base KiB", digits=0),
    Metric("cpuMsPerSecond", "CPU ms per idle s", digits=3, has_spread=True),
    Metric("callsPerSecond", "calls per idle s", digits=1, has_spread=True),
)


def measure(run: Run) -> Iterator[Table]:
    counter = counting.available()
    assert counter is not None, "checked before any scenario begins"
    target = start_http_origin(run.processes)
    flows = min(FLOWS // 8 if run.settings.is_quick else FLOWS, flows_max())
    series = run.alternate_fresh(
        standard(run.settings.gyre), target,
        lambda candidate: _measure(run, counter, candidate, flows))
    yield Table(
        f"idle: {flows:,} flows", METRICS, series,
        note=f"Anonymous memory above that of the empty process, a new process per round; each "
             f"flow has carried one request. Idle for {IDLE_SECONDS:.0f} s, counted with "
             f"{counter.tool}.")


def _measure(
    run: Run, counter: counting.Counting, candidate: Candidate, flows: int
) -> Sample:
    pid = candidate.process.pid
    base = proc.anonymous_bytes(pid)
    clients: list[socket.socket] = []
    try:
        for _ in range(flows):
            clients.append(_used_flow(candidate.port))
        time.sleep(SETTLE_SECONDS)
        memory = proc.anonymous_bytes(pid) - base
        count = counter(run.processes, pid)
        before, began = candidate.cpu_ns(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        cpu_ns, seconds = candidate.cpu_ns() - before, time.monotonic() - began
        calls = count.finish()
        lost = sum(1 for client in clients if not _is_open(client))
    finally:
        for client in clients:
            client.close()
    return Sample({
        "bytesPerFlow": memory / flows, "baseKiB": base / 1024,
        "cpuMsPerSecond": cpu_ns / 1e6 / seconds, "callsPerSecond": calls / seconds,
    }, [f"{lost} idle flows were closed"] if lost else [])


def _used_flow(port: int) -> socket.socket:
    """A flow that has carried one request and its response."""
    client = socket.create_connection(("127.0.0.1", port), SOCKET_SECONDS_MAX)
    # Reset on close: thousands of ports in TIME_WAIT would be in the way of the next round.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sendall(REQUEST)
    answer = client.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        client.close()
        raise BenchmarkError(f"an idle flow got {answer[:40]!r} for an answer")
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
