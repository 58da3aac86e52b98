"""Bursts of new connections: how soon all of them are served, and what each of them costs."""

from __future__ import annotations

from functools import partial

from compare import load
from compare.candidates import Candidate, everyone
from compare.configurations import Protocol
from compare.load import start_http_origin
from compare.rounds import Sample
from compare.run import Run, cost_figures
from compare.tables import Metric, Table, connections_text

CONNECTIONS = (64, 1024)
BURSTS = 5
METRICS = (
    Metric("cpuUsPerConnection", "CPU µs/connection", digits=1, has_spread=True, has_ratio=True),
    Metric("p50Us", "p50 µs", digits=0),
    Metric("p99Us", "p99 µs", digits=0, has_spread=True, has_ratio=True),
    Metric("wholeUs", "whole burst µs", digits=0),
    Metric("maxUs", "longest µs", digits=0),
)


def measure(run: Run, protocol: Protocol) -> list[Table]:
    target = start_http_origin(run.processes)
    name = f"{protocol.value}-bursts"
    tables = []
    entries = everyone(run.settings.gyre, run.programs, protocol)
    with run.group(entries, target, lambda candidate: load.bursts(
            run.processes, run.programs, candidate.port, 64, 2)) as group:
        for connections in run.settings.clients(CONNECTIONS):
            tables.append(Table(
                f"{name}: {connections_text(connections)} at once, {BURSTS} times per round",
                METRICS, group.measure(partial(_burst, run, connections), connections), name,
                {"connections": connections},
                note="Times are those of answers, from the beginning of their burst."))
    return tables


def _burst(run: Run, connections: int, candidate: Candidate) -> Sample:
    done, cost = run.loaded(candidate, lambda: load.bursts(
        run.processes, run.programs, candidate.port, connections, BURSTS))
    return Sample(cost_figures(done, cost, "Connection") | done.figures, done.failures)
