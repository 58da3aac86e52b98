"""Idle clients: what a connection costs that was used once and now only exists."""

from __future__ import annotations

import time

from compare import counting, proc
from compare.candidates import Candidate, baselines, clients_max, standard
from compare.configurations import Protocol
from compare.load import held, start_http_origin
from compare.rounds import Sample
from compare.run import Run
from compare.tables import Metric, Table

# A TCP client holds its connection to the origin.
CLIENTS = {Protocol.TCP: 4000, Protocol.HTTP: 8000}
SETTLE_SECONDS = 0.5
IDLE_SECONDS = 1.0
METRICS = (
    Metric("bytesPerClient", "bytes/client", digits=0, has_spread=True, has_ratio=True),
    Metric("baseKiB", "base KiB", digits=0),
    Metric("cpuMsPerSecond", "CPU ms per idle s", digits=3, has_spread=True),
    Metric("callsPerSecond", "calls per idle s", digits=1, has_spread=True),
)


def measure(run: Run, protocol: Protocol) -> list[Table]:
    counter = counting.available()
    assert counter is not None, "checked before any scenario begins"
    target = start_http_origin(run.processes)
    asked = CLIENTS[protocol]
    clients = min(asked // 8 if run.settings.is_quick else asked, clients_max())
    idle_seconds = IDLE_SECONDS / 4 if run.settings.is_quick else IDLE_SECONDS
    entries = standard(run.settings.gyre, protocol)
    if protocol is Protocol.TCP:
        entries += [entry for entry in baselines(run.programs) if entry.connections_max is None]
    series = run.alternate_fresh(
        entries, target, lambda candidate: _measure(run, counter, candidate, clients, idle_seconds))
    name = f"{protocol.value}-idle"
    return [Table(
        f"{name}: {clients:,} clients", METRICS, series, name, {"clients": clients},
        note=f"Anonymous memory above that of the empty process, a new process per round; each "
             f"client has had one answer. Idle for {idle_seconds:g} s, counted with "
             f"{counter.tool}.")]


def _measure(
    run: Run, counter: counting.Counting, candidate: Candidate, count: int, idle_seconds: float
) -> Sample:
    base = proc.anonymous_bytes(candidate.pid)
    sample = Sample({"baseKiB": base / 1024})
    with held(run.processes, run.programs, candidate.port, count, sample.failures):
        time.sleep(SETTLE_SECONDS)
        memory = proc.anonymous_bytes(candidate.pid) - base
        counted = counter(run.processes, candidate.pid)
        before, began = candidate.run_time(), time.monotonic()
        time.sleep(idle_seconds)
        after, seconds = candidate.run_time(), time.monotonic() - began
        calls = counted.finish().total
    assert before is not None and after is not None, "it has a process"
    sample.figures |= {
        "bytesPerClient": memory / count, "callsPerSecond": calls / seconds,
        "cpuMsPerSecond": (after - before).total_ns / 1e6 / seconds,
    }
    return sample
