"""A hundred thousand idle clients in one process, and what the active ones beside them notice.

They are more than one process may have descriptors, so Gyre's sockets are direct descriptors here,
and the clients are several processes with a source address each.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import time
from functools import partial
from pathlib import Path

from compare import proc
from compare.candidates import Candidate, gyre
from compare.configurations import Protocol
from compare.load import CLIENTS_PER_HOLDER, held, start_http_origin, wrk
from compare.rounds import Sample
from compare.run import Run, cost_figures
from compare.tables import Metric, Table

CLIENTS = 100_000
CLIENTS_QUICK = 10_000
ACTIVE = 64
WORKERS = 8
# The kernel does not spread clients evenly over the workers' listening sockets.
ROOM_SHARE = 1.04
IDLE_SECONDS = 3.0
SETTLE_SECONDS = 1.0
# Of kernel memory for both ends of a connection, measured, and rounded up.
BYTES_PER_CLIENT = 12_000

METRICS = (
    Metric("userBytes", "user bytes/client", digits=0, has_spread=True),
    Metric("kernelBytes", "kernel bytes/client, both ends", digits=0),
    Metric("ringBytes", "of these for the rings", digits=0),
    Metric("ownDescriptors", "descriptors", digits=0),
    Metric("cpuMsPerSecond", "CPU ms per idle s", digits=3),
    Metric("cpuUsNone", "CPU µs/request, none idle"),
    Metric("cpuUsCrowd", "CPU µs/request, all idle"),
    Metric("flat", "flat", has_spread=True),
    Metric("p99UsNone", "p99 µs, none idle", digits=0),
    Metric("p99UsCrowd", "p99 µs, all idle", digits=0),
)


def measure(run: Run) -> list[Table]:
    clients = CLIENTS_QUICK if run.settings.is_quick else CLIENTS
    refusal = _refusal(run.settings.gyre, clients)
    if refusal:
        run.say(f"http-100k: left out; {refusal}")
        return []
    target = start_http_origin(run.processes)
    entry = gyre(
        run.settings.gyre, Protocol.HTTP, "io_uring", label="direct", options=[
            "--direct-descriptors", "--workers", str(WORKERS),
            "--max-connections", str(int(clients * ROOM_SHARE)),
            # So that no deadline of an idle client falls into the run.
            "--keep-alive-timeout", "1h", "--head-timeout", "1h"])
    series = run.alternate_fresh([entry], target, partial(_measure, run, clients))
    return [Table(
        f"http-100k: {clients:,} idle clients in one process beside {ACTIVE} active ones",
        METRICS, series, "http-100k", {"idle": clients, "active": ACTIVE, "workers": WORKERS},
        note=f"{WORKERS} workers on one CPU, a file table each. Kernel memory is what the slabs of "
             "the machine grew by: the sockets of the clients, too. *Flat* is the cost of a "
             "request with all clients over that with none, of one process.")]


def _refusal(binary: Path, clients: int) -> str:
    """Why this machine cannot have so many clients; empty when it can."""
    probe = json.loads(subprocess.run(
        [str(binary), "probe", "--json"], capture_output=True, text=True, check=True).stdout)
    if probe.get("connectionsAllowedDirect") is None:
        return "gyre probe finds no direct descriptors here"
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A table is at most that large; an eighth of it is for closing sockets, 128 slots for waiting
    # accepts, and of the rest three quarters are for clients.
    table = (clients * ROOM_SHARE / WORKERS * 4 / 3 + 128) * 8 / 7
    wanted = max(CLIENTS_PER_HOLDER + 16, math.ceil(table))
    if limit != resource.RLIM_INFINITY and limit < wanted:
        return f"a process may have {limit:,} descriptors (ulimit -Hn), it takes {wanted:,}"
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if last - first < CLIENTS_PER_HOLDER:
        return f"an address has {last - first:,} ports (net.ipv4.ip_local_port_range)"
    used, _, most = map(int, Path("/proc/sys/fs/file-nr").read_text().split())
    if most - used < 2 * clients + 10_000:
        return f"the machine may open {most - used:,} files more (fs.file-max)"
    available = _meminfo("MemAvailable")
    if available < clients * BYTES_PER_CLIENT:
        return f"{available >> 20:,} MiB of memory are available"
    return ""


def _meminfo(name: str) -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def _ring_requests() -> int | None:
    """Requests of all rings of the machine; `None` when this user may not know."""
    try:
        lines = Path("/proc/slabinfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("io_kiocb ")), None)


# An armed receive: io_kiocb, the header of its message, and its poll entry.
BYTES_PER_REQUEST = 256 + 512 + 96


def _measure(run: Run, clients: int, candidate: Candidate) -> Sample:
    sample = Sample()
    wrk(run.processes, candidate.port, ACTIVE, seconds=1)
    _load(run, candidate, sample, "None")
    user, kernel, requests = (
        proc.anonymous_bytes(candidate.pid), _meminfo("Slab"), _ring_requests())
    with held(run.processes, run.programs, candidate.port, clients, sample.failures):
        time.sleep(SETTLE_SECONDS)
        requests_now = _ring_requests()
        sample.figures |= {
            "userBytes": (proc.anonymous_bytes(candidate.pid) - user) / clients,
            "kernelBytes": (_meminfo("Slab") - kernel) / clients,
            "ownDescriptors": len(list(Path(f"/proc/{candidate.pid}/fd").iterdir())),
        }
        if requests is not None and requests_now is not None:
            sample.figures["ringBytes"] = (requests_now - requests) * BYTES_PER_REQUEST / clients
        before, began = candidate.run_time(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        after, seconds = candidate.run_time(), time.monotonic() - began
        assert before is not None and after is not None, "it has a process"
        sample.figures["cpuMsPerSecond"] = (after - before).total_ns / 1e6 / seconds
        _load(run, candidate, sample, "Crowd")
    none, crowd = (sample.figures.get(f"cpuUs{word}") for word in ("None", "Crowd"))
    sample.figures["flat"] = crowd / none if none and crowd else None
    return sample


def _load(run: Run, candidate: Candidate, sample: Sample, word: str) -> None:
    load, cost = run.loaded(candidate, lambda: wrk(
        run.processes, candidate.port, ACTIVE, 2 * run.settings.seconds))
    sample.failures += load.failures
    sample.figures[f"cpuUs{word}"] = cost_figures(load, cost, "Request").get("cpuUsPerRequest")
    sample.figures[f"p99Us{word}"] = load.figures.get("p99Us")
