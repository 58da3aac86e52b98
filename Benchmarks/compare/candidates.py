"""The programs that are compared, each with one worker: how they are started and asked."""

from __future__ import annotations

import enum
import functools
import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare import configurations, proc
from compare.configurations import Protocol
from compare.errors import BenchmarkError
from compare.processes import Processes, Running
from compare.programs import Programs

REPORT_SECONDS_MAX = 3.0
DESCRIPTORS_MAX = 65536
BACKENDS = ("io_uring", "epoll")
# For one direction of a connection: about what Gyre allows itself. Where much is moved, the peers
# get as much.
BULK_BUFFER_KIB = 128
# FD_SETSIZE is 1024: two descriptors each, and some of the process's own.
SELECT_CONNECTIONS_MAX = 500
# Requests that may wait for their answers on one connection to the origin.
PIPELINE_DEPTH = 32


class Kind(enum.Enum):
    """What a candidate is here for."""

    # What Gyre is compared with.
    PEER = enum.auto()
    GYRE = enum.auto()
    # Shows how it was done before, on the same scale; no ratio is made with it.
    BASELINE = enum.auto()
    # No proxy at all: what the load generator and the origin can do.
    DIRECT = enum.auto()


@dataclass
class Candidate:
    """One program that forwards to a target, or the target itself."""

    name: str
    # `None` for the target itself, whose processor time is not what is asked for.
    process: Running | None
    port: int
    kind: Kind

    def require_alive(self) -> None:
        """Raises when it has ended."""
        if self.process is not None:
            self.process.require_alive()

    @property
    def pid(self) -> int:
        """Of a candidate that has a process."""
        assert self.process is not None, "the target itself is not looked at"
        return self.process.pid

    def run_time(self) -> proc.RunTime | None:
        """What it took so far; raises when it has ended."""
        self.require_alive()
        return None if self.process is None else proc.run_time(self.process.pid)

    def own_system_calls(self) -> dict[str, int]:
        """What Gyre says of itself: `systemCalls` by name of the line that SIGUSR1 prints."""
        assert self.process is not None and self.kind is Kind.GYRE
        seen = self.process.log.stat().st_size
        os.kill(self.process.pid, signal.SIGUSR1)
        deadline = time.monotonic() + REPORT_SECONDS_MAX
        while time.monotonic() < deadline:
            with self.process.log.open("rb") as log:
                log.seek(seen)
                for line in log.read().split(b"\n")[:-1]:
                    if line.startswith(b"{"):
                        return json.loads(line)["systemCalls"]
            time.sleep(0.01)
        raise BenchmarkError(f"{self.name} does not print its counters on SIGUSR1")


# Starts a candidate in front of the target port it is given.
Starter = Callable[[Processes, int], Candidate]


@dataclass(frozen=True)
class Entry:
    """A candidate that has not been started."""

    name: str
    kind: Kind
    start: Starter
    # Of clients at once; `None` when only descriptors limit it.
    connections_max: int | None = None


def descriptors() -> int:
    """How many descriptors a candidate may have; raises the limit to what is allowed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_MAX)


def clients_max() -> int:
    """Clients for which every candidate has descriptors, at two each."""
    return (descriptors() - 512) // 2


def gyre(
    binary: Path, protocol: Protocol, backend: str, relay: str = "auto", label: str = "",
    options: Sequence[str] = (),
) -> Entry:
    """`label` tells one with more `options` from the others."""
    words = ["gyre", backend, "" if relay == "auto" else relay, label]
    name = " ".join(word for word in words if word)

    def command(port: int, target: int) -> Sequence[str]:
        return [
            str(binary), protocol.value, "--listen", f"127.0.0.1:{port}",
            "--to", f"127.0.0.1:{target}", "--backend", backend, "--relay", relay,
            "--workers", "1", "--log-level", "warning", "--drain-timeout", "1s",
            *options,
        ]

    def start(processes: Processes, target: int) -> Candidate:
        return _started(processes, name, Kind.GYRE, lambda port: command(port, target))

    return Entry(name, Kind.GYRE, start)


@functools.cache
def knows_option(binary: Path, protocol: Protocol, option: str) -> bool:
    """Whether this binary has an option: older ones are compared without it."""
    outcome = subprocess.run(
        [str(binary), protocol.value, "--help"], capture_output=True, text=True, check=False)
    return f"{option} " in outcome.stdout


def pipelined(binary: Path) -> list[Entry]:
    """Gyre with requests of one turn sharing a connection to the origin, where it knows how."""
    if not knows_option(binary, Protocol.HTTP, "--upstream-pipeline"):
        return []
    return [gyre(binary, Protocol.HTTP, "io_uring", label="pipelined",
                 options=["--upstream-pipeline", str(PIPELINE_DEPTH)])]


def nginx(protocol: Protocol, buffer_kib: int | None = None) -> Entry:
    """With such buffers for each direction, or those that it has by itself."""
    name = _sized("nginx stream" if protocol is Protocol.TCP else "nginx http", buffer_kib)

    def blocks(processes: Processes, port: int, target: int) -> str:
        if protocol is Protocol.TCP:
            return configurations.nginx_stream(port, target, buffer_kib)
        return configurations.nginx_proxy(
            processes.new_path("nginx"), port, target, buffer_kib)

    def start(processes: Processes, target: int) -> Candidate:
        return _started(
            processes, name, Kind.PEER,
            lambda port: nginx_command(processes, blocks(processes, port, target)))

    return Entry(name, Kind.PEER, start)


def haproxy(
    protocol: Protocol, buffer_kib: int | None = None, *, splices: bool = False
) -> Entry:
    """With such buffers, or those that it has by itself. `splices`: moves bulk through pipes."""
    name = _sized(f"HAProxy {protocol.value}" + (" splice" if splices else ""), buffer_kib)

    def command(processes: Processes, port: int, target: int) -> Sequence[str]:
        path = processes.new_path("haproxy.cfg")
        path.write_text(configurations.haproxy(
            protocol, port, target, buffer_kib=buffer_kib, splices=splices,
            # HAProxy reckons its pipes into the descriptors it needs.
            connections_max=min(clients_max(), 2000 if splices else 20000)))
        return ["haproxy", "-db", "-f", str(path)]

    def start(processes: Processes, target: int) -> Candidate:
        return _started(
            processes, name, Kind.PEER, lambda port: command(processes, port, target))

    return Entry(name, Kind.PEER, start)


def baselines(programs: Programs) -> list[Entry]:
    """How it was done before epoll: these forward TCP."""

    def entry(name: str, program: str, words: Sequence[str], connections_max: int | None) -> Entry:
        def start(processes: Processes, target: int) -> Candidate:
            return _started(
                processes, name, Kind.BASELINE,
                lambda port: [str(programs.path(program)), *words, str(port), str(target)])

        return Entry(name, Kind.BASELINE, start, connections_max)

    return [
        entry("threads", "threads", [], None),
        entry("select", "readiness", ["select"], SELECT_CONNECTIONS_MAX),
        entry("poll", "readiness", ["poll"], None),
    ]


def direct() -> Entry:
    """No proxy between the load generator and the origin."""
    return Entry(
        "direct", Kind.DIRECT, lambda _, target: Candidate("direct", None, target, Kind.DIRECT))


def nginx_command(processes: Processes, blocks: str) -> Sequence[str]:
    """Writes a configuration around `blocks` and returns how to start it."""
    path = processes.new_path("nginx.conf")
    path.write_text(configurations.nginx(path, descriptors(), blocks))
    return ["nginx", "-p", str(processes.directory), "-e", f"{path}.error", "-c", str(path)]


def standard(binary: Path, protocol: Protocol) -> list[Entry]:
    """Both peers, and Gyre as it comes on both backends."""
    return [
        nginx(protocol), haproxy(protocol),
        *(gyre(binary, protocol, backend) for backend in BACKENDS),
    ]


def everyone(binary: Path, programs: Programs, protocol: Protocol) -> list[Entry]:
    """The peers and Gyre, what there is without a proxy, and for TCP how it was done before."""
    others = baselines(programs) if protocol is Protocol.TCP else pipelined(binary)
    return [*standard(binary, protocol), *others, direct()]


def by_relay(binary: Path, protocol: Protocol, peer_buffer_kib: int | None) -> list[Entry]:
    """The peers with such buffers or their own, and Gyre with every relay path of both backends."""
    relays = ["auto", "copy", "splice"]
    ring_relays = relays + (["splice-ring"] if protocol is Protocol.TCP else [])
    return [
        nginx(protocol, peer_buffer_kib), haproxy(protocol, peer_buffer_kib),
        haproxy(protocol, peer_buffer_kib, splices=True),
        *(gyre(binary, protocol, "io_uring", relay) for relay in ring_relays),
        *(gyre(binary, protocol, "epoll", relay) for relay in relays),
    ]


def _sized(name: str, buffer_kib: int | None) -> str:
    return name if buffer_kib is None else f"{name}, {buffer_kib} KiB"


def _started(
    processes: Processes, name: str, kind: Kind, command: Callable[[int], Sequence[str]]
) -> Candidate:
    process, port = processes.start_listening(
        name.replace(" ", "-").replace(",", ""), processes.placement.candidate, command)
    return Candidate(name, process, port, kind)
