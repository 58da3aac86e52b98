"""Small keep-alive requests: what it costs to pass on some hundred bytes, there and back."""

from __future__ import annotations

from compare import proc
from compare.candidates import Candidate, everyone
from compare.configurations import Protocol
from compare.load import start_http_origin, wrk
from compare.rounds import Sample
from compare.run import Group, Run, cost_figures
from compare.tables import Metric, Table, connections_text

CONNECTIONS = (1, 16, 64, 256, 1024)
METRICS = (
    Metric("cpuUsPerRequest", "CPU µs/request", has_spread=True, has_ratio=True),
    Metric("userUsPerRequest", "user"),
    Metric("systemUsPerRequest", "system"),
    Metric("requestsPerSecond", "requests/s", digits=0),
    Metric("p50Us", "p50 µs", digits=0),
    Metric("p99Us", "p99 µs", digits=0),
    Metric("memoryMiB", "memory MiB", digits=1),
)


def measure(run: Run, protocol: Protocol) -> list[Table]:
    target = start_http_origin(run.processes)
    entries = everyone(run.settings.gyre, run.programs, protocol)
    with run.group(entries, target, lambda candidate: wrk(
            run.processes, candidate.port, 64, run.settings.warm_up_seconds)) as group:
        return [_table(run, group, protocol, connections)
                for connections in run.settings.clients(CONNECTIONS)]


def _table(run: Run, group: Group, protocol: Protocol, connections: int) -> Table:
    def once(candidate: Candidate) -> Sample:
        load, cost = run.loaded(candidate, lambda: wrk(
            run.processes, candidate.port, connections, run.settings.seconds_for(connections)))
        memory = None if candidate.process is None else proc.anonymous_bytes(candidate.pid) / 2**20
        return Sample(
            load.figures | {"requestsPerSecond": load.rate, "memoryMiB": memory}
            | cost_figures(load, cost, "Request"), load.failures)

    name = f"{protocol.value}-requests"
    return Table(
        f"{name}: {connections_text(connections)}, keep-alive", METRICS,
        group.measure(once, connections), name, {"connections": connections},
        note="Memory is anonymous memory once the load has ended.")
