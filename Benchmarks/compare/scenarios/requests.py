"""Small keep-alive requests: what it costs to pass on some hundred bytes, there and back."""

from __future__ import annotations

from collections.abc import Iterator

from compare.candidates import Candidate, standard
from compare.load import start_http_origin, wrk
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table, connections_text

METRICS = (
    Metric("cpuUsPerRequest", "CPU µs/request", has_spread=True, has_ratio=True),
    Metric("requestsPerSecond", "requests/s", digits=0),
    Metric("p50Us", "p50 µs", digits=0),
    Metric("p99Us", "p99 µs", digits=0),
)


def measure(run: Run) -> Iterator[Table]:
    target = start_http_origin(run.processes)
    for connections in run.settings.connections or (64,):

        def once(candidate: Candidate) -> Sample:
            load, cpu_ns = run.loaded(candidate, lambda: wrk(
                run.processes, candidate.port, connections, run.settings.seconds))
            return Sample({
                "cpuUsPerRequest": cpu_ns / 1e3 / load.done if load.done else None,
                "requestsPerSecond": load.rate, "p50Us": load.p50_us, "p99Us": load.p99_us,
            }, load.failures)

        series = run.alternate_running(
            standard(run.settings.gyre), target, measure=once,
            warm_up=lambda candidate: wrk(run.processes, candidate.port, connections, seconds=1))
        yield Table(f"requests: {connections_text(connections)}, keep-alive", METRICS, series)
