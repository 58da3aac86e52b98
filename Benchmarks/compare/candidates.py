"""The programs that are compared, each with one worker: how they are started and asked."""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare import configurations, proc
from compare.configurations import Protocol
from compare.processes import BenchmarkError, Processes, Running

REPORT_SECONDS_MAX = 3.0
DESCRIPTORS_MAX = 65536
BACKENDS = ("io_uring", "epoll")
# For one direction of a connection: about what Gyre allows itself. Where much is moved, the peers
# get as much.
BULK_BUFFER_KIB = 128


@dataclass
class Candidate:
    """One program that forwards to a target."""

    name: str
    process: Running
    port: int
    is_gyre: bool

    def run_time(self) -> proc.RunTime:
        """What it took so far; raises when it has ended."""
        self.process.require_alive()
        return proc.run_time(self.process.pid)

    def own_system_calls(self) -> int:
        """What Gyre says of itself: `systemCallsTotal` of the line that SIGUSR1 prints."""
        seen = self.process.log.stat().st_size
        os.kill(self.process.pid, signal.SIGUSR1)
        deadline = time.monotonic() + REPORT_SECONDS_MAX
        while time.monotonic() < deadline:
            with self.process.log.open("rb") as log:
                log.seek(seen)
                for line in log.read().split(b"\n")[:-1]:
                    if line.startswith(b"{"):
                        return int(json.loads(line)["systemCallsTotal"])
            time.sleep(0.01)
        raise BenchmarkError(f"{self.name} does not print its counters on SIGUSR1")


# Starts a candidate in front of the target port it is given.
Starter = Callable[[Processes, int], Candidate]


@dataclass(frozen=True)
class Entry:
    """A candidate that has not been started."""

    name: str
    start: Starter
    is_peer: bool


def descriptors() -> int:
    """How many descriptors a candidate may have; raises the limit to what is allowed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_MAX)


def clients_max() -> int:
    """Clients for which every candidate has descriptors, at two each."""
    return (descriptors() - 512) // 2


def gyre(binary: Path, protocol: Protocol, backend: str, relay: str = "auto") -> Entry:
    name = f"gyre {backend}" if relay == "auto" else f"gyre {backend} {relay}"

    def command(port: int, target: int) -> Sequence[str]:
        return [
            str(binary), protocol.value, "--listen", f"127.0.0.1:{port}",
            "--to", f"127.0.0.1:{target}", "--backend", backend, "--relay", relay,
            "--workers", "1", "--log-level", "warning", "--drain-timeout", "1s",
        ]

    def start(processes: Processes, target: int) -> Candidate:
        return _started(processes, name, lambda port: command(port, target), is_gyre=True)

    return Entry(name, start, is_peer=False)


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
            processes, name,
            lambda port: nginx_command(processes, blocks(processes, port, target)))

    return Entry(name, start, is_peer=True)


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
        return _started(processes, name, lambda port: command(processes, port, target))

    return Entry(name, start, is_peer=True)


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
    processes: Processes, name: str, command: Callable[[int], Sequence[str]], *,
    is_gyre: bool = False,
) -> Candidate:
    process, port = processes.start_listening(
        name.replace(" ", "-").replace(",", ""), processes.placement.candidate, command)
    return Candidate(name, process, port, is_gyre)
