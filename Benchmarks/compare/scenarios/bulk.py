"""Bulk: four streams as fast as they go, and what a gigabyte of that costs."""

from __future__ import annotations

from collections.abc import Iterator

from compare.candidates import BULK_BUFFER_KIB, Candidate, by_relay
from compare.configurations import Protocol
from compare.load import iperf3
from compare.processes import free_port
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table

STREAMS = 4
METRICS = (
    Metric("cpuSecondsPerGB", "CPU s/GB", digits=3, has_spread=True, has_ratio=True),
    Metric("gigabytesPerSecond", "GB/s"),
)


def measure(run: Run) -> Iterator[Table]:
    # Kept for the run: the server behind it is a new one for each transfer.
    target = free_port()

    def transfer(candidate: Candidate, seconds: float) -> Sample:
        load, cost = run.loaded(candidate, lambda: iperf3(
            run.processes, candidate.port, target, STREAMS, seconds))
        return Sample({
            "cpuSecondsPerGB": cost.total_ns / 1e9 / load.done, "gigabytesPerSecond": load.rate,
        }, load.failures)

    series = run.alternate_running(
        by_relay(run.settings.gyre, Protocol.TCP, BULK_BUFFER_KIB), target,
        warm_up=lambda candidate: transfer(candidate, seconds=1),
        measure=lambda candidate: transfer(candidate, run.settings.seconds))
    yield Table(f"tcp-bulk: {STREAMS} streams from client to origin", METRICS, series)
