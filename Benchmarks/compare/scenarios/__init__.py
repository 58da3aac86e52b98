"""The scenarios by name. Each is a module with one `measure` function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from compare.configurations import Protocol
from compare.run import Run
from compare.scenarios import (
    beside, bodies, bulk, bursts, crowd, idle, latency, profile, requests, short, stalled, syscalls)
from compare.tables import Table


@dataclass(frozen=True)
class Scenario:
    """A name on the command line and what it stands for."""

    name: str
    summary: str
    measure: Callable[[Run], list[Table]]
    # Programs it needs besides nginx and HAProxy.
    tools: frozenset[str] = frozenset()
    counts_calls: bool = False
    samples: bool = False


def _of_both(protocol: Protocol) -> list[Scenario]:
    """What is asked of TCP and of HTTP alike."""
    name = protocol.value
    wrk, ab = frozenset({"wrk"}), frozenset({"ab"})

    def scenario(
        word: str, summary: str, measure: Callable[..., list[Table]],
        tools: frozenset[str] = frozenset(), **needs: bool,
    ) -> Scenario:
        return Scenario(
            f"{name}-{word}", summary, partial(measure, protocol=protocol), tools, **needs)

    return [
        scenario("requests", "CPU time, rate and latency of small keep-alive requests",
                 requests.measure, wrk),
        scenario("syscalls", "system calls by kind and context switches per keep-alive request",
                 syscalls.measure, wrk, counts_calls=True),
        scenario("latency", "p50, p99 and p99.9 at 30, 50 and 70 % load, open loop",
                 latency.measure, wrk),
        scenario("short", "CPU time of a connection that carries one request",
                 short.measure, ab),
        scenario("bursts", "how soon many new connections at once are served", bursts.measure),
        scenario("idle", "memory, CPU time and system calls of thousands of idle clients",
                 idle.measure, counts_calls=True),
        scenario("beside", "cost of a request with up to 10,000 idle clients beside it",
                 beside.measure, wrk),
        scenario("profile", "where the time of a request goes: own code, TCP, copies, waking",
                 profile.measure, wrk, samples=True),
    ]


SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (
    *_of_both(Protocol.TCP),
    Scenario("tcp-bulk", "CPU time per gigabyte in four streams, by relay path",
             bulk.measure, frozenset({"iperf3"})),
    Scenario("tcp-stalled", "memory of a flow whose reader has stopped, by relay path",
             stalled.measure),
    *_of_both(Protocol.HTTP),
    Scenario("http-100k", "100,000 idle clients in one process, beside 64 active connections",
             crowd.measure, frozenset({"wrk"})),
    Scenario("http-bodies", "cost of bodies of 64 bytes to 1 MiB, up and down, by relay path",
             bodies.measure, frozenset({"wrk"})),
)}

# Words for several of them.
GROUPS: dict[str, tuple[str, ...]] = {
    "all": tuple(SCENARIOS),
    **{protocol.value: tuple(name for name in SCENARIOS if name.startswith(protocol.value))
       for protocol in Protocol},
}
