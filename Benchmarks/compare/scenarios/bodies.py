"""Bodies: what messages of 64 bytes to 1 MiB cost, down and up, and a gigabyte of the large ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from compare.candidates import (
    BULK_BUFFER_KIB, Candidate, Entry, by_relay, direct, everyone, nginx)
from compare.configurations import Protocol
from compare.load import start_body_origin, wrk
from compare.rounds import Sample
from compare.run import Group, Run, cost_figures
from compare.tables import Metric, Table, connections_text

SMALL = (64, 4096)
LARGE = (64 * 1024, 1024 * 1024)
CONNECTIONS = 8
RATES = (
    Metric("gigabytesPerSecond", "GB/s"),
    Metric("requestsPerSecond", "requests/s", digits=0),
)
SMALL_METRICS = (
    Metric("cpuUsPerRequest", "CPU µs/request", has_spread=True, has_ratio=True), *RATES)
LARGE_METRICS = (
    Metric("cpuSecondsPerGB", "CPU s/GB", digits=3, has_spread=True, has_ratio=True), *RATES)


def measure(run: Run) -> list[Table]:
    target = start_body_origin(run.processes, SMALL + LARGE)
    binary = run.settings.gyre
    # Large bodies take another path at nginx by itself, so it is there in two configurations.
    large = [nginx(Protocol.HTTP), *by_relay(binary, Protocol.HTTP, BULK_BUFFER_KIB), direct()]
    return [
        *_tables(run, target, SMALL, everyone(binary, run.programs, Protocol.HTTP), SMALL_METRICS,
                 note=""),
        *_tables(run, target, LARGE, large, LARGE_METRICS,
                 note=f"nginx as it comes keeps bodies in files; with {BULK_BUFFER_KIB} KiB it "
                      "keeps none and passes requests on as they come."),
    ]


def _tables(
    run: Run, target: int, sizes: Sequence[int], entries: Sequence[Entry],
    metrics: Sequence[Metric], note: str,
) -> list[Table]:
    with run.group(entries, target, lambda candidate: wrk(
            run.processes, candidate.port, CONNECTIONS, run.settings.warm_up_seconds,
            path=f"/{sizes[0]}")) as group:
        return [
            _table(run, group, connections, size, is_upload, metrics, note)
            for connections in run.settings.clients((CONNECTIONS,))
            for size in sizes for is_upload in (False, True)]


def _table(
    run: Run, group: Group, connections: int, size: int, is_upload: bool,
    metrics: Sequence[Metric], note: str,
) -> Table:
    direction = "up" if is_upload else "down"
    return Table(
        f"http-bodies: {_size_text(size)}, {direction}, {connections_text(connections)}", metrics,
        group.measure(partial(_transfer, run, connections, size, is_upload), connections),
        "http-bodies", {"bytes": size, "direction": direction, "connections": connections},
        note=note)


def _transfer(
    run: Run, connections: int, size: int, is_upload: bool, candidate: Candidate
) -> Sample:
    load, cost = run.loaded(candidate, lambda: wrk(
        run.processes, candidate.port, connections, run.settings.seconds,
        path="/upload" if is_upload else f"/{size}", upload_bytes=size if is_upload else 0))
    # Bodies that were under way at the end are not counted, for nobody.
    gigabytes = load.done * size / 1e9
    return Sample(cost_figures(load, cost, "Request") | {
        "cpuSecondsPerGB": cost.total_ns / 1e9 / gigabytes if cost and gigabytes else None,
        "gigabytesPerSecond": load.rate * size / 1e9, "requestsPerSecond": load.rate,
    }, load.failures)


def _size_text(size: int) -> str:
    return f"{size // 1024:,} KiB" if size >= 1024 else f"{size} bytes"
