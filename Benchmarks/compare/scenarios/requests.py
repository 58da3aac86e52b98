"""Small keep-alive requests: what it costs to pass on some hundred bytes, there and back."""

from __future__ import annotations

from collections.abc import Iterator

from compare.candidates import Candidate, standard
from compare.configurations import Protocol
from compare.load import start_http_origin, wrk
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table, connections_text

METRICS = (
    Metric("cpuUsPerRequest", "CPU µs/request", has_spread=True, has_ratio=True),
    Metric("userUsPerRequest", "of that in user space"),
    Metric("requestsPerSecond", "requests/s", digits=0),
    Metric("p50Us", "p50 µs", digits=0),
    Metric("p99Us", "p99 µs", digits=0),
)


def measure(run: Run, protocol: Protocol) -> Iterator[Table]:
    target = start_http_origin(run.processes)
    for connections in run.settings.connections or (64,):

        def once(candidate: Candidate) -> Sample:
            load, cost = run.loaded(candidate, lambda: wrk(
                run.processes, candidate.port, connections, run.settings.seconds))
            sample = Sample({
                "requestsPerSecond": load.rate, "p50Us": load.p50_us, "p99Us": load.p99_us,
            }, load.failures)
            if load.done:
                sample.figures["cpuUsPerRequest"] = cost.total_ns / 1e3 / load.done
                if cost.user_ns is not None:
                    sample.figures["userUsPerRequest"] = cost.user_ns / 1e3 / load.done
            return sample

        series = run.alternate_running(
            standard(run.settings.gyre, protocol), target, measure=once,
            warm_up=lambda candidate: wrk(run.processes, candidate.port, connections, seconds=1))
        yield Table(
            f"{protocol.value}-requests: {connections_text(connections)}, keep-alive", METRICS,
            series)
