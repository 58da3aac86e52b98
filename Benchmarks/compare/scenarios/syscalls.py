"""System calls per request, counted from outside, with what Gyre counts itself beside it."""

from __future__ import annotations

from collections.abc import Iterator

from compare import counting
from compare.candidates import Candidate, standard
from compare.configurations import Protocol
from compare.load import start_http_origin, wrk
from compare.rounds import Sample
from compare.run import Run, settle
from compare.tables import Metric, Table, connections_text

METRICS = (
    Metric("callsPerRequest", "calls/request", digits=3, has_spread=True, has_ratio=True),
    Metric("ownCallsPerRequest", "own counter", digits=3),
    Metric("deviationPercent", "deviation %", has_spread=True),
)


def measure(run: Run, protocol: Protocol) -> Iterator[Table]:
    counter = counting.available()
    assert counter is not None, "checked before any scenario begins"
    target = start_http_origin(run.processes)
    for connections in run.settings.connections or (1, 64, 256):
        series = run.alternate_running(
            standard(run.settings.gyre, protocol), target,
            warm_up=lambda candidate: wrk(run.processes, candidate.port, connections, seconds=1),
            measure=lambda candidate: _count(run, counter, candidate, connections))
        yield Table(
            f"{protocol.value}-syscalls: {connections_text(connections)}, keep-alive", METRICS,
            series, note=_note(counter))


def _count(
    run: Run, counter: counting.Counting, candidate: Candidate, connections: int
) -> Sample:
    """Asking Gyre for its counters costs it calls, so it is asked outside of the count."""
    before = candidate.own_system_calls() if candidate.is_gyre else 0
    count = counter(run.processes, candidate.process.pid)
    load = wrk(run.processes, candidate.port, connections, run.settings.seconds)
    settle(candidate)
    calls = count.finish()
    sample = Sample({}, load.failures)
    if load.done:
        sample.figures["callsPerRequest"] = calls / load.done
        if candidate.is_gyre:
            own = candidate.own_system_calls() - before
            sample.figures["ownCallsPerRequest"] = own / load.done
            sample.figures["deviationPercent"] = (own - calls) / calls * 100 if calls else None
    return sample


def _note(counter: counting.Counting) -> str:
    return f"Counted with {counter.tool}. " + (
        "It slows the candidate down: batches are not what they are without it, and requests under "
        "way when the load ends weigh more."
        if counter is counting.StraceCount else
        f"Event {counting.EVENT}, all threads and children.")
