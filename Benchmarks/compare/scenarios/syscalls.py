"""System calls per request by kind, counted from outside, with what Gyre counts itself beside."""

from __future__ import annotations

from functools import partial

from compare import counting
from compare.candidates import Candidate, Kind, baselines, pipelined, standard
from compare.configurations import Protocol
from compare.load import start_http_origin, wrk
from compare.rounds import Sample
from compare.run import Group, Run, settle
from compare.scenarios.requests import CONNECTIONS
from compare.tables import Metric, Table, connections_text

METRICS = (
    Metric("callsPerRequest", "calls/request", digits=3, has_spread=True, has_ratio=True),
    Metric("waitPerRequest", "wait", digits=3),
    Metric("ringPerRequest", "ring", digits=3),
    Metric("receivePerRequest", "receive", digits=3),
    Metric("sendPerRequest", "send", digits=3),
    Metric("restPerRequest", "rest", digits=3),
    Metric("ownCallsPerRequest", "own counter", digits=3),
    Metric("deviationPercent", "deviation %"),
    Metric("switchesPerRequest", "context switches/request", digits=3),
)


def measure(run: Run, protocol: Protocol) -> list[Table]:
    counter = counting.available()
    assert counter is not None, "checked before any scenario begins"
    target = start_http_origin(run.processes)
    binary = run.settings.gyre
    others = baselines(run.programs) if protocol is Protocol.TCP else pipelined(binary)
    with run.group([*standard(binary, protocol), *others], target, lambda candidate: wrk(
            run.processes, candidate.port, 64, run.settings.warm_up_seconds)) as group:
        return [_table(run, group, counter, protocol, connections)
                for connections in run.settings.clients(CONNECTIONS)]


def _table(
    run: Run, group: Group, counter: counting.Counting, protocol: Protocol, connections: int
) -> Table:
    name = f"{protocol.value}-syscalls"
    series = group.measure(
        partial(_count, run, counter, connections), connections, run.settings.memory_rounds)
    return Table(
        f"{name}: {connections_text(connections)}, keep-alive", METRICS, series, name,
        {"connections": connections}, note=_note(counter))


def _count(
    run: Run, counter: counting.Counting, connections: int, candidate: Candidate
) -> Sample:
    """Asking Gyre for its counters costs it calls, so it is asked outside of the count."""
    is_gyre = candidate.kind is Kind.GYRE
    before = sum(candidate.own_system_calls().values()) if is_gyre else 0
    count = counter(run.processes, candidate.pid, has_kinds=True)
    load = wrk(run.processes, candidate.port, connections, run.settings.seconds_for(connections))
    settle(candidate)
    counts = count.finish()
    sample = Sample({}, load.failures)
    if not load.done:
        return sample
    figures = sample.figures
    figures["callsPerRequest"] = counts.total / load.done
    figures |= {f"{kind}PerRequest": calls / load.done
                for kind, calls in counts.kinds_and_rest().items()}
    if counts.context_switches is not None:
        figures["switchesPerRequest"] = counts.context_switches / load.done
    if is_gyre:
        own = sum(candidate.own_system_calls().values()) - before
        figures["ownCallsPerRequest"] = own / load.done
        if counts.total:
            figures["deviationPercent"] = (own - counts.total) / counts.total * 100
    return sample


def _note(counter: counting.Counting) -> str:
    return f"Counted with {counter.tool}. " + (
        "It slows the candidate down: batches are not what they are without it, and requests under "
        "way when the load ends weigh more."
        if counter is counting.StraceCount else
        f"Event {counting.EVENT}, all threads and children; kinds by the numbers of calls.")
