"""Bodies: what a gigabyte of them costs, in messages of two sizes and in both directions."""

from __future__ import annotations

from collections.abc import Iterator

from compare.candidates import BULK_BUFFER_KIB, Candidate, by_relay, nginx
from compare.configurations import Protocol
from compare.load import start_body_origin, wrk
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table, connections_text

SIZES_KIB = (64, 1024)
METRICS = (
    Metric("cpuSecondsPerGB", "CPU s/GB", digits=3, has_spread=True, has_ratio=True),
    Metric("gigabytesPerSecond", "GB/s"),
    Metric("requestsPerSecond", "requests/s", digits=0),
)


def measure(run: Run) -> Iterator[Table]:
    target = start_body_origin(run.processes, [kib * 1024 for kib in SIZES_KIB])
    for connections in run.settings.connections or (8,):
        for kib in SIZES_KIB:
            for uploads in (False, True):
                yield _table(run, target, connections, kib, uploads)


def _table(run: Run, target: int, connections: int, kib: int, uploads: bool) -> Table:
    size = kib * 1024

    def transfer(candidate: Candidate, seconds: float) -> Sample:
        load, cost = run.loaded(candidate, lambda: wrk(
            run.processes, candidate.port, connections, seconds,
            path="/upload" if uploads else f"/{size}", upload_bytes=size if uploads else 0))
        # Bodies that were under way at the end are not counted, for nobody.
        gigabytes = load.done * size / 1e9
        return Sample({
            "cpuSecondsPerGB": cost.total_ns / 1e9 / gigabytes if gigabytes else None,
            "gigabytesPerSecond": load.rate * size / 1e9, "requestsPerSecond": load.rate,
        }, load.failures)

    series = run.alternate_running(
        [nginx(Protocol.HTTP), *by_relay(run.settings.gyre, Protocol.HTTP, BULK_BUFFER_KIB)],
        target,
        warm_up=lambda candidate: transfer(candidate, seconds=1),
        measure=lambda candidate: transfer(candidate, run.settings.seconds))
    return Table(
        f"http-bodies: {kib:,} KiB, {'up' if uploads else 'down'}, "
        f"{connections_text(connections)}", METRICS, series,
        note=f"nginx as it comes keeps bodies in files; with {BULK_BUFFER_KIB} KiB it keeps none "
             "and passes requests on as they come.")
