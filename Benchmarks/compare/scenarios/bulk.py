"""Bulk: some gigabytes in four streams as fast as they go, and what each of them costs."""

from __future__ import annotations

from compare.candidates import BULK_BUFFER_KIB, Candidate, baselines, by_relay, direct
from compare.configurations import Protocol
from compare.load import iperf3
from compare.processes import free_port
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table

STREAMS = 4
GB_PER_SECOND_ASKED = 2
METRICS = (
    Metric("cpuSecondsPerGB", "CPU s/GB", digits=3, has_spread=True, has_ratio=True),
    Metric("gigabytesPerSecond", "GB/s"),
)


def measure(run: Run) -> list[Table]:
    # Kept for the run: the server behind it is a new one for each transfer.
    target = free_port()

    def transfer(candidate: Candidate) -> Sample:
        load, cost = run.loaded(candidate, lambda: iperf3(
            run.processes, candidate.port, target, STREAMS,
            GB_PER_SECOND_ASKED * run.settings.seconds))
        return Sample({
            "cpuSecondsPerGB": None if cost is None else cost.total_ns / 1e9 / load.done,
            "gigabytesPerSecond": load.rate,
        }, load.failures)

    entries = [*by_relay(run.settings.gyre, Protocol.TCP, BULK_BUFFER_KIB),
               *baselines(run.programs), direct()]
    with run.group(entries, target, transfer) as group:
        return [Table(
            f"tcp-bulk: {STREAMS} streams from client to origin", METRICS,
            group.measure(transfer), "tcp-bulk", {"streams": STREAMS},
            note="Gyre without a word behind its backend chooses the path by itself (auto).")]
