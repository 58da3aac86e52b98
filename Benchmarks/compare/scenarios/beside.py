"""Idle clients beside active ones: what a request costs when thousands are there who say nothing.

That it costs the same is what event loops with a memory are for: select(2) and poll(2) look at
everybody at each turn, and the scheduler has a thread for each.
"""

from __future__ import annotations

from functools import partial

from compare.candidates import Candidate, baselines, clients_max, standard
from compare.configurations import Protocol
from compare.load import held, start_http_origin, wrk
from compare.rounds import Sample
from compare.run import Run, cost_figures
from compare.tables import Metric, Table

IDLE = (0, 1_000, 10_000)
ACTIVE = 64
# One after the other they would take poll(2) minutes to come.
AT_ONCE = 128


def measure(run: Run, protocol: Protocol) -> list[Table]:
    target = start_http_origin(run.processes)
    room = clients_max() - 2 * ACTIVE
    levels = [min(idle // 10 if run.settings.is_quick else idle, room) for idle in IDLE]
    entries = standard(run.settings.gyre, protocol)
    if protocol is Protocol.TCP:
        entries += [entry for entry in baselines(run.programs) if entry.connections_max is None]
    series = run.alternate_fresh(entries, target, partial(_measure, run, levels))
    name = f"{protocol.value}-beside"
    return [Table(
        f"{name}: {ACTIVE} active connections beside {_counts(levels)} idle ones", _metrics(levels),
        series, name, {"idle": levels, "active": ACTIVE},
        note="*Flat* is the cost with the most idle clients over that with none, of one process.")]


def _metrics(levels: list[int]) -> list[Metric]:
    return [
        *(Metric(f"cpuUsPerRequest{idle}", f"CPU µs/request, {idle:,} idle", has_ratio=True)
          for idle in levels),
        Metric("flat", "flat", has_spread=True),
        *(Metric(f"p99Us{idle}", f"p99 µs, {idle:,} idle", digits=0) for idle in levels),
    ]


def _counts(levels: list[int]) -> str:
    *others, last = (f"{idle:,}" for idle in levels)
    return f"{', '.join(others)} and {last}"


def _measure(run: Run, levels: list[int], candidate: Candidate) -> Sample:
    sample = Sample()
    wrk(run.processes, candidate.port, ACTIVE, run.settings.warm_up_seconds)
    for idle in levels:
        with held(run.processes, run.programs, candidate.port, idle, sample.failures,
                  at_once=AT_ONCE):
            load, cost = run.loaded(candidate, lambda: wrk(
                run.processes, candidate.port, ACTIVE, run.settings.seconds))
        sample.failures += load.failures
        sample.figures |= {
            f"{key}{idle}": figure
            for key, figure in (load.figures | cost_figures(load, cost, "Request")).items()}
    first, last = (sample.figures.get(f"cpuUsPerRequest{idle}") for idle in (levels[0], levels[-1]))
    sample.figures["flat"] = last / first if first and last else None
    return sample
