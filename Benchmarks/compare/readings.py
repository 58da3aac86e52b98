"""What tools print, as values: load generators, perf and strace. Pure functions on text.

Load generators do not always say with their exit code that something went wrong, and perf warns
among its figures; so a text without the figures that must be in it raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compare.errors import BenchmarkError

UNITS_IN_US = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}
# How much of a tool's words are repeated when they cannot be read.
EXCERPT = 200


@dataclass
class Load:
    """What a load generator did."""

    # Requests, connections, or gigabytes (10^9 bytes).
    done: float
    seconds: float
    # Of latencies and the like, by name, in microseconds where the name ends in Us.
    figures: dict[str, float | None] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class Counts:
    """System calls of some seconds, and how often another thread got the processor."""

    total: int
    # Empty when only the total was asked for.
    by_kind: dict[str, int] = field(default_factory=dict)
    context_switches: int | None = None

    def kinds_and_rest(self) -> dict[str, int]:
        """Calls of each kind, and those of none as `rest`; nothing when kinds were not asked for.
        """
        if not self.by_kind:
            return {}
        return self.by_kind | {"rest": self.total - sum(self.by_kind.values())}


def wrk(text: str) -> Load:
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", text)
    if total is None:
        raise BenchmarkError(f"wrk failed: {text.strip()[-EXCERPT:]}")
    load = Load(
        done=int(total[1]), seconds=_us(total[2], total[3]) / 1e6,
        failures=[line.strip() for line in re.findall(r"(?:Non-2xx|Socket errors).*", text)])
    for share, value, unit in re.findall(
            r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)", text, re.MULTILINE):
        load.figures[f"p{share}Us"] = _us(value, unit)
    if load.done == 0:
        load.failures.append("no request was answered")
    return load


def _us(number: str, unit: str) -> float:
    return float(number) * UNITS_IN_US[unit]


def ab(text: str, total: int) -> Load:
    done = re.search(r"Complete requests:\s+(\d+)", text)
    seconds = re.search(r"Time taken for tests:\s+([\d.]+)", text)
    if done is None or seconds is None:
        raise BenchmarkError(f"ab failed: {text.strip()[-EXCERPT:]}")
    bad = re.findall(r"(Failed requests|Write errors|Non-2xx responses):\s+([1-9]\d*)", text)
    load = Load(
        done=int(done[1]), seconds=float(seconds[1]),
        failures=[f"{name} {count}" for name, count in bad])
    if load.done != total:
        load.failures.append(f"{total - int(load.done)} requests missing")
    return load


def iperf3(text: str) -> Load:
    try:
        report = json.loads(text)
    except ValueError as error:
        raise BenchmarkError(f"iperf3 failed: {text.strip()[-EXCERPT:]}") from error
    received = report.get("end", {}).get("sum_received")
    if "error" in report or not received or not received["bytes"]:
        raise BenchmarkError(f"iperf3 failed: {report.get('error', 'nothing was received')}")
    return Load(done=received["bytes"] / 1e9, seconds=received["seconds"])


def own_program(name: str, text: str) -> Load:
    """The line of JSON that the load generators of this folder end with."""
    lines = text.strip().splitlines()
    try:
        report = json.loads(lines[-1])
        done, failures = report.pop("answered"), report.pop("failures")
    except (IndexError, KeyError, ValueError) as error:
        raise BenchmarkError(f"{name} failed: {text.strip()[-EXCERPT:]}") from error
    return Load(
        done=done, seconds=report.pop("seconds", 0), figures=report,
        failures=[f"{failures} requests failed"] if failures else [])


def perf_counts(text: str, kinds: Sequence[str] = ()) -> Counts:
    """The lines of `perf stat -x,`: all system calls, those of each kind, and context switches."""
    calls = []
    switches = None
    # perf says "<not counted>" of who never ran meanwhile.
    for count, event in re.findall(r"^(\d+|<not counted>),[^,]*,([\w:-]+),", text, re.MULTILINE):
        value = int(count) if count.isdecimal() else 0
        if event == "raw_syscalls:sys_enter":
            calls.append(value)
        elif event == "context-switches":
            switches = value
    if len(calls) != 1 + len(kinds):
        raise BenchmarkError(f"perf gave no count: {text.strip()[-EXCERPT:]}")
    return Counts(calls[0], dict(zip(kinds, calls[1:], strict=True)), switches)


def strace_counts(text: str, kinds: Mapping[str, Sequence[str]]) -> Counts:
    """The table of `strace -c`."""
    if not text.strip():
        return Counts(0)
    # "100.00    0.001234           0       987        12 total"; the errors may be left out.
    rows = re.findall(
        r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", text, re.MULTILINE)
    counts = {name: int(count) for count, name in rows}
    if "total" not in counts:
        raise BenchmarkError(f"strace gave no count: {text.strip()[-EXCERPT:]}")
    return Counts(counts["total"], {
        kind: sum(counts.get(name, 0) for name in names) for kind, names in kinds.items()})
