"""The programs that are compared, each with one worker, and their configurations.

The peers write no logs, and in the bulk scenario they get larger buffers than they have by default,
up to the memory that Gyre allows a flow: beating a badly configured peer shows nothing.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare import proc
from compare.processes import BenchmarkError, Processes, Running

STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
REPORT_SECONDS_MAX = 3.0
DESCRIPTORS_MAX = 65536
BACKENDS = ("io_uring", "epoll")
# One per direction is what Gyre's limit of 256 KiB per flow comes to.
BULK_BUFFER_KIB = 128


@dataclass
class Candidate:
    """One program that forwards to a target."""

    name: str
    process: Running
    port: int
    is_gyre: bool

    def cpu_ns(self) -> int:
        """Its run time so far; raises when it has ended."""
        self.process.require_alive()
        return proc.cpu_ns(self.process.pid)

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


def flows_max() -> int:
    """Flows for which every candidate has descriptors, at two each."""
    return (descriptors() - 512) // 2


def gyre(binary: Path, backend: str, relay: str = "auto") -> Entry:
    name = f"gyre {backend}" if relay == "auto" else f"gyre {backend} {relay}"

    def start(processes: Processes, target: int) -> Candidate:
        process, port = processes.start_listening(
            name.replace(" ", "-"), processes.placement.candidate,
            lambda port: [
                str(binary), "tcp", "--listen", f"127.0.0.1:{port}", "--to", f"127.0.0.1:{target}",
                "--backend", backend, "--relay", relay, "--workers", "1",
                "--log-level", "warning", "--drain-timeout", "1s",
            ])
        return Candidate(name, process, port, is_gyre=True)

    return Entry(name, start, is_peer=False)


def nginx(buffer_kib: int = 16) -> Entry:
    """nginx stream, which has buffers of 16 KiB by default."""

    def start(processes: Processes, target: int) -> Candidate:
        def command(port: int) -> Sequence[str]:
            return nginx_command(processes, (
                f"stream {{ proxy_buffer_size {buffer_kib}k; server {{ "
                f"listen 127.0.0.1:{port} backlog=4096; proxy_pass 127.0.0.1:{target}; "
                "proxy_timeout 3600s; } }"))

        process, port = processes.start_listening(
            "nginx", processes.placement.candidate, command)
        return Candidate("nginx stream", process, port, is_gyre=False)

    return Entry("nginx stream", start, is_peer=True)


def haproxy(buffer_kib: int = 16, splice: bool = False) -> Entry:
    """HAProxy in tcp mode, which copies, or moves bulk through pipes when `splice` is set.

    Its buffers have 16 KiB by default.
    """
    name = "HAProxy tcp splice" if splice else "HAProxy tcp"

    def start(processes: Processes, target: int) -> Candidate:
        def command(port: int) -> Sequence[str]:
            path = processes.new_path("haproxy.cfg")
            path.write_text("\n".join([
                "global",
                "  nbthread 1",
                # HAProxy reckons its pipes into the descriptors it needs.
                f"  maxconn {min(flows_max(), 2000 if splice else 20000)}",
                f"  tune.bufsize {buffer_kib * 1024}",
                "defaults",
                "  mode tcp",
                "  option splice-auto" if splice else "",
                "  timeout connect 5s",
                "  timeout client 1h",
                "  timeout server 1h",
                "frontend downstream",
                f"  bind 127.0.0.1:{port} backlog 4096",
                "  default_backend upstream",
                "backend upstream",
                f"  server origin 127.0.0.1:{target}",
                "",
            ]))
            return ["haproxy", "-db", "-f", str(path)]

        process, port = processes.start_listening(
            "haproxy", processes.placement.candidate, command)
        return Candidate(name, process, port, is_gyre=False)

    return Entry(name, start, is_peer=True)


def nginx_command(processes: Processes, blocks: str) -> Sequence[str]:
    """Writes a configuration for one worker around `blocks` and returns how to start it."""
    path = processes.new_path("nginx.conf")
    module = f"load_module {STREAM_MODULE};" if STREAM_MODULE.exists() else ""
    limit = descriptors()
    path.write_text("\n".join([
        module,
        "worker_processes 1;",
        "daemon off;",
        f"pid {path}.pid;",
        f"worker_rlimit_nofile {limit};",
        f"events {{ worker_connections {limit - 256}; multi_accept on; }}",
        blocks,
        "",
    ]))
    return ["nginx", "-p", str(processes.directory), "-e", f"{path}.error", "-c", str(path)]


def standard(binary: Path) -> list[Entry]:
    """Both peers, and Gyre as it comes on both backends."""
    return [nginx(), haproxy(), *(gyre(binary, backend) for backend in BACKENDS)]


def by_relay(binary: Path, peer_buffer_kib: int) -> list[Entry]:
    """The peers with such buffers, and Gyre with every relay path of both backends."""
    relays = {"io_uring": ("auto", "copy", "splice", "splice-ring"),
              "epoll": ("auto", "copy", "splice")}
    return [
        nginx(peer_buffer_kib), haproxy(peer_buffer_kib), haproxy(peer_buffer_kib, splice=True),
        *(gyre(binary, backend, relay) for backend in BACKENDS for relay in relays[backend]),
    ]
