"""The scenarios by name. Each is a module with one `measure` function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from compare.run import Run
from compare.scenarios import bulk, idle, requests, short, stalled, syscalls
from compare.tables import Table


@dataclass(frozen=True)
class Scenario:
    """A name on the command line and what it stands for."""

    name: str
    summary: str
    measure: Callable[[Run], Iterable[Table]]
    # Programs it needs besides nginx and HAProxy.
    tools: frozenset[str] = frozenset()
    counts_calls: bool = False


SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (
    Scenario("requests", "CPU time, rate and latency of small keep-alive requests",
             requests.measure, frozenset({"wrk"})),
    Scenario("syscalls", "system calls per small keep-alive request, and Gyre's own count",
             syscalls.measure, frozenset({"wrk"}), counts_calls=True),
    Scenario("bulk", "CPU time per gigabyte in four streams, by relay path",
             bulk.measure, frozenset({"iperf3"})),
    Scenario("idle", "memory, CPU time and system calls of thousands of idle flows",
             idle.measure, counts_calls=True),
    Scenario("short", "CPU time of a connection that carries one request",
             short.measure, frozenset({"ab"})),
    Scenario("stalled", "memory of a flow whose reader has stopped, by relay path",
             stalled.measure),
)}
