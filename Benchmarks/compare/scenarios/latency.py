"""Latency at a fixed rate: what a request waits when the load does not wait for the proxy.

The rate is a share of what the slowest candidate can do, so that nobody is asked for more than it
has. Requests come due by a clock and are timed from then on; see `programs/openloop.c`.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from compare.candidates import Candidate, Kind, direct, pipelined, standard
from compare.configurations import Protocol
from compare.errors import BenchmarkError
from compare.load import open_loop, start_http_origin, wrk
from compare.rounds import Sample, Series
from compare.run import Group, Run, cost_figures
from compare.tables import Metric, Table, connections_text

SHARES_PERCENT = (30, 50, 70)
CONNECTIONS = 64
CAPACITY_ROUNDS = 2
METRICS = (
    Metric("p50Us", "p50 µs", digits=0, has_ratio=True),
    Metric("p99Us", "p99 µs", digits=0, has_spread=True, has_ratio=True),
    Metric("p999Us", "p99.9 µs", digits=0, has_spread=True, has_ratio=True),
    Metric("uncorrectedP99Us", "p99 from sending µs", digits=0),
    Metric("lateP99Us", "generator late, p99 µs", digits=0),
    Metric("cpuUsPerRequest", "CPU µs/request", has_ratio=True),
)


def measure(run: Run, protocol: Protocol) -> list[Table]:
    target = start_http_origin(run.processes)
    binary = run.settings.gyre
    others = pipelined(binary) if protocol is Protocol.HTTP else []
    connections = run.settings.clients((CONNECTIONS,))[0]
    with run.group([*standard(binary, protocol), *others, direct()], target,
                   lambda candidate: wrk(run.processes, candidate.port, connections,
                                         run.settings.warm_up_seconds)) as group:
        slowest, capacity = _slowest(group.measure(
            lambda candidate: _capacity(run, connections, candidate), connections,
            CAPACITY_ROUNDS))
        return [_table(run, group, protocol, connections, share, slowest, capacity)
                for share in SHARES_PERCENT]


def _capacity(run: Run, connections: int, candidate: Candidate) -> Sample:
    load = wrk(run.processes, candidate.port, connections, run.settings.seconds)
    return Sample({"requestsPerSecond": load.rate}, load.failures)


def _slowest(series: Sequence[Series]) -> tuple[str, float]:
    """Who does the fewest requests per second when nothing holds it back, and how many."""
    rates = {one.name: statistics.median(one.figures("requestsPerSecond"))
             for one in series if one.kind is not Kind.DIRECT and one.figures("requestsPerSecond")}
    if not rates:
        raise BenchmarkError("no candidate serves requests")
    name = min(rates, key=rates.__getitem__)
    return name, rates[name]


def _table(
    run: Run, group: Group, protocol: Protocol, connections: int, share: int, slowest: str,
    capacity: float,
) -> Table:
    rate = max(1, int(capacity * share / 100))

    def once(candidate: Candidate) -> Sample:
        load, cost = run.loaded(candidate, lambda: open_loop(
            run.processes, run.programs, candidate.port, connections, rate,
            2 * run.settings.seconds))
        # The load's warm-up costs, too, so it is among what the cost is divided by.
        sent = load.figures.pop("sent")
        figures = dict(load.figures)
        load.done = sent or 0
        return Sample(figures | cost_figures(load, cost, "Request"), load.failures)

    name = f"{protocol.value}-latency"
    return Table(
        f"{name}: {rate:,} requests/s on {connections_text(connections)}, {share} % of capacity",
        METRICS, group.measure(once, connections), name,
        {"sharePercent": share, "requestsPerSecond": rate, "connections": connections},
        note=f"Open loop, from the time a request was due. Capacity is that of {slowest}: "
             f"{capacity:,.0f} requests/s.")
