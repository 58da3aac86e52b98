"""Stalled readers: how much a flow takes in when nobody reads at its other end.

The sender writes until the candidate has stopped reading for a while; kernel buffers and pipes are
full then, and what the candidate holds in memory of its own is the most it will hold.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from compare import proc
from compare.candidates import Candidate, by_relay
from compare.configurations import Protocol
from compare.errors import BenchmarkError
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table

FLOWS = 8
CHUNK = bytes(256 * 1024)
QUIET_SECONDS = 0.5
# A candidate that never stops reading is not bounded, which is what this would show.
FILL_SECONDS_MAX = 20.0
SOCKET_SECONDS_MAX = 5.0


@dataclass(frozen=True)
class Stall:
    """Which ends write; the ends they write to do not read."""

    title: str
    clients_write: bool
    origins_write: bool


STALLS = (
    Stall("the origin does not read", clients_write=True, origins_write=False),
    Stall("the client does not read", clients_write=False, origins_write=True),
    Stall("neither reads", clients_write=True, origins_write=True),
)
METRICS = (
    Metric("kibPerFlow", "KiB/flow", digits=1),
    Metric("takenMiBPerFlow", "taken in, MiB/flow", digits=1),
)


def measure(run: Run) -> list[Table]:
    tables = []
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        listener.settimeout(SOCKET_SECONDS_MAX)
        for stall in STALLS[-1:] if run.settings.is_quick else STALLS:
            series = run.alternate_fresh(
                # Larger buffers, unlike where bulk is moved, would count against the peers.
                by_relay(run.settings.gyre, Protocol.TCP, None), listener.getsockname()[1],
                lambda candidate: _stall(candidate, listener, stall), rounds=1)
            tables.append(Table(
                f"tcp-stalled: {stall.title}", METRICS, series, "tcp-stalled",
                {"clientsWrite": stall.clients_write, "originsWrite": stall.origins_write},
                note=f"Anonymous memory above that of the empty process, over {FLOWS} flows, a new "
                     "process per round. What was taken in beyond that lies in kernel buffers."))
    return tables


def _stall(candidate: Candidate, listener: socket.socket, stall: Stall) -> Sample:
    base = proc.anonymous_bytes(candidate.pid)
    clients: list[socket.socket] = []
    origins: list[socket.socket] = []
    try:
        for _ in range(FLOWS):
            address = ("127.0.0.1", candidate.port)
            clients.append(socket.create_connection(address, SOCKET_SECONDS_MAX))
            origins.append(_accept(listener, candidate.name))
        writers = (clients if stall.clients_write else []) + (
            origins if stall.origins_write else [])
        taken = _fill(writers)
        candidate.require_alive()
        memory = proc.anonymous_bytes(candidate.pid) - base
    finally:
        for end in clients + origins:
            # Reset on close: nobody shall have to carry away what was never read.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()
    if taken is None:
        raise BenchmarkError(f"still takes bytes in after {FILL_SECONDS_MAX:.0f} s")
    return Sample({
        "kibPerFlow": memory / FLOWS / 1024, "takenMiBPerFlow": taken / FLOWS / 2**20,
    })


def _accept(listener: socket.socket, name: str) -> socket.socket:
    try:
        return listener.accept()[0]
    except TimeoutError as error:
        raise BenchmarkError(f"{name} does not connect to the origin") from error


def _fill(writers: Sequence[socket.socket]) -> int | None:
    """Writes until nothing was taken for a while; bytes taken, or `None` when time is up first."""
    for writer in writers:
        writer.setblocking(False)
    taken = 0
    began = progressed = time.monotonic()
    while time.monotonic() - progressed < QUIET_SECONDS:
        if time.monotonic() - began > FILL_SECONDS_MAX:
            return None
        before = taken
        for writer in writers:
            try:
                taken += writer.send(CHUNK)
            except BlockingIOError:
                continue
        if taken > before:
            progressed = time.monotonic()
        else:
            time.sleep(0.01)
    return taken
