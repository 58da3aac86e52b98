"""Short connections: accept, connect, one request, close; and none of them may fail."""

from __future__ import annotations

from compare.candidates import Candidate, everyone
from compare.configurations import Protocol
from compare.load import ab, start_http_origin
from compare.rounds import Sample
from compare.run import Run, cost_figures
from compare.tables import Metric, Table, connections_text

CONNECTIONS_PER_SECOND_ASKED = 10_000
WARM_UP_CONNECTIONS = 500
METRICS = (
    Metric("cpuUsPerConnection", "CPU µs/connection", digits=1, has_spread=True, has_ratio=True),
    Metric("userUsPerConnection", "user", digits=1),
    Metric("systemUsPerConnection", "system", digits=1),
    Metric("connectionsPerSecond", "connections/s", digits=0),
)


def measure(run: Run, protocol: Protocol) -> list[Table]:
    target = start_http_origin(run.processes)
    total = int(CONNECTIONS_PER_SECOND_ASKED * run.settings.seconds)
    name = f"{protocol.value}-short"
    tables = []
    entries = everyone(run.settings.gyre, run.programs, protocol)
    with run.group(entries, target, lambda candidate: ab(
            run.processes, candidate.port, 64, WARM_UP_CONNECTIONS)) as group:
        for connections in run.settings.clients((64,)):

            def once(candidate: Candidate) -> Sample:
                load, cost = run.loaded(candidate, lambda: ab(
                    run.processes, candidate.port, connections, total))
                return Sample(
                    cost_figures(load, cost, "Connection") | {"connectionsPerSecond": load.rate},
                    load.failures)

            tables.append(Table(
                f"{name}: {connections_text(total)} per round, {connections} at a time", METRICS,
                group.measure(once, connections), name, {"connections": connections}))
    return tables
