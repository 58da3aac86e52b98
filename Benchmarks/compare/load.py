"""Origins and load generators: nginx, wrk, ab and iperf3, and the reading of what they print."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from compare import configurations
from compare.candidates import nginx_command
from compare.processes import BenchmarkError, Processes

# How much longer than asked for a load generator may take before it is given up.
GRACE_SECONDS = 30.0
UNITS_IN_US = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


@dataclass
class Load:
    """What a load generator did."""

    # Requests, connections, or gigabytes (10^9 bytes).
    done: float
    seconds: float
    p50_us: float | None = None
    p99_us: float | None = None
    failures: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds > 0 else 0.0


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

    With `upload_bytes` they are posts of so many bytes.
    """
    whole = max(1, math.ceil(seconds))
    script = []
    if upload_bytes:
        lua = processes.new_path("upload.lua")
        lua.write_text(
            f'wrk.method = "POST"\nwrk.body = string.rep("x", {upload_bytes})\n')
        script = ["-s", str(lua)]
    text = processes.call("wrk", [
        "wrk", "-t1", f"-c{connections}", f"-d{whole}s", "--latency", "--timeout", "5s",
        *script, f"http://127.0.0.1:{port}{path}",
    ], whole + GRACE_SECONDS)
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", text)
    if total is None:
        raise BenchmarkError(f"wrk failed: {text.strip()[-200:]}")
    load = Load(
        done=int(total[1]), seconds=_us(total[2], total[3]) / 1e6,
        failures=[line.strip() for line in re.findall(r"(?:Non-2xx|Socket errors).*", text)])
    latencies = {key: _us(value, unit) for key, value, unit in
                 re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)", text, re.MULTILINE)}
    load.p50_us, load.p99_us = latencies.get("50"), latencies.get("99")
    if load.done == 0:
        load.failures.append("no request was answered")
    return load


def _us(number: str, unit: str) -> float:
    return float(number) * UNITS_IN_US[unit]


def ab(processes: Processes, port: int, connections: int, total: int) -> Load:
    """`total` requests with a connection each, at most `connections` at a time."""
    text = processes.call("ab", [
        # -r: count a broken connection as a failure instead of giving up at the first one.
        "ab", "-q", "-r", "-s", "10", "-n", str(total), "-c", str(min(connections, total)),
        f"http://127.0.0.1:{port}/",
    ], 60 + total / 200)
    done = re.search(r"Complete requests:\s+(\d+)", text)
    seconds = re.search(r"Time taken for tests:\s+([\d.]+)", text)
    if done is None or seconds is None:
        raise BenchmarkError(f"ab failed: {text.strip()[-200:]}")
    bad = re.findall(r"(Failed requests|Write errors|Non-2xx responses):\s+([1-9]\d*)", text)
    load = Load(
        done=int(done[1]), seconds=float(seconds[1]),
        failures=[f"{name} {count}" for name, count in bad])
    if load.done != total:
        load.failures.append(f"{total - int(load.done)} requests missing")
    return load


def iperf3(
    processes: Processes, port: int, server_port: int, streams: int, seconds: float
) -> Load:
    """One bulk transfer through `port` to an iperf3 server that is started for it.

    A server of its own, because one that was cut off in a transfer refuses the next one for long.
    """
    server = processes.start(
        "iperf3-server", ["iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", str(server_port)],
        processes.placement.load)
    try:
        if not processes.await_listening(server, server_port):
            raise BenchmarkError(f"iperf3 does not start: {server.last_words()}")
        whole = max(1, math.ceil(seconds))
        text = processes.call("iperf3", [
            "iperf3", "-c", "127.0.0.1", "-p", str(port), "-t", str(whole), "-P", str(streams),
            "--json",
        ], whole + GRACE_SECONDS)
    finally:
        processes.stop(server)
    try:
        report = json.loads(text)
    except ValueError as error:
        raise BenchmarkError(f"iperf3 failed: {text.strip()[-200:]}") from error
    received = report.get("end", {}).get("sum_received")
    if "error" in report or not received or not received["bytes"]:
        raise BenchmarkError(f"iperf3 failed: {report.get('error', 'nothing was received')}")
    return Load(done=received["bytes"] / 1e9, seconds=received["seconds"])
