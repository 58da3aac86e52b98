"""The scenarios by name. Each is a module with one `measure` function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from compare.configurations import Protocol
from compare.run import Run
from compare.scenarios import bodies, bulk, idle, requests, short, stalled, syscalls
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


def _of_both(protocol: Protocol) -> list[Scenario]:
    """What is asked of TCP and of HTTP alike."""
    name = protocol.value
    return [
        Scenario(f"{name}-requests", "CPU time, rate and latency of small keep-alive requests",
                 partial(requests.measure, protocol=protocol), frozenset({"wrk"})),
        Scenario(f"{name}-syscalls", "system calls per small keep-alive request, and Gyre's count",
                 partial(syscalls.measure, protocol=protocol), frozenset({"wrk"}),
                 counts_calls=True),
        Scenario(f"{name}-short", "CPU time of a connection that carries one request",
                 partial(short.measure, protocol=protocol), frozenset({"ab"})),
        Scenario(f"{name}-idle", "memory, CPU time and system calls of thousands of idle clients",
                 partial(idle.measure, protocol=protocol), counts_calls=True),
    ]


SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (
    *_of_both(Protocol.TCP),
    Scenario("tcp-bulk", "CPU time per gigabyte in four streams, by relay path",
             bulk.measure, frozenset({"iperf3"})),
    Scenario("tcp-stalled", "memory of a flow whose reader has stopped, by relay path",
             stalled.measure),
    *_of_both(Protocol.HTTP),
    Scenario("http-bodies", "CPU time per gigabyte of bodies, up and down, by relay path",
             bodies.measure, frozenset({"wrk"})),
)}

# Words for several of them.
GROUPS: dict[str, tuple[str, ...]] = {
    "all": tuple(SCENARIOS),
    **{protocol.value: tuple(name for name in SCENARIOS if name.startswith(protocol.value))
       for protocol in Protocol},
}
