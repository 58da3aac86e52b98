"""Short connections: accept, connect, one request, close; and none of them may fail."""

from __future__ import annotations

from collections.abc import Iterator

from compare.candidates import Candidate, standard
from compare.configurations import Protocol
from compare.load import ab, start_http_origin
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table, connections_text

# With the two seconds of a full run this makes 20,000.
CONNECTIONS_PER_SECOND_ASKED = 10_000
WARM_UP_CONNECTIONS = 500
METRICS = (
    Metric("cpuUsPerConnection", "CPU µs/connection", digits=1, has_spread=True, has_ratio=True),
    Metric("connectionsPerSecond", "connections/s", digits=0),
)


def measure(run: Run, protocol: Protocol) -> Iterator[Table]:
    target = start_http_origin(run.processes)
    total = int(CONNECTIONS_PER_SECOND_ASKED * run.settings.seconds)
    total = total // 5 if run.settings.is_quick else total
    for connections in run.settings.connections or (64,):

        def once(candidate: Candidate) -> Sample:
            load, cost = run.loaded(candidate, lambda: ab(
                run.processes, candidate.port, connections, total))
            return Sample({
                "cpuUsPerConnection": cost.total_ns / 1e3 / load.done if load.done else None,
                "connectionsPerSecond": load.rate,
            }, load.failures)

        series = run.alternate_running(
            standard(run.settings.gyre, protocol), target, measure=once,
            warm_up=lambda candidate: ab(
                run.processes, candidate.port, connections, WARM_UP_CONNECTIONS))
        yield Table(
            f"{protocol.value}-short: {connections_text(total)} per round, {connections} at a time",
            METRICS, series)
