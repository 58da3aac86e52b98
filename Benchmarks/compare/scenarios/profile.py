"""Where the time of a request goes, once processors are busy with nothing but requests."""

from __future__ import annotations

from functools import partial

from compare import profiles
from compare.candidates import Candidate, baselines, pipelined, standard
from compare.configurations import Protocol
from compare.load import start_http_origin, wrk
from compare.profiles import Profile
from compare.rounds import Sample
from compare.run import Run, cost_figures
from compare.tables import Metric, Table, connections_text

CONNECTIONS = 64
SECONDS_MIN = 1.0
METRICS = (
    Metric("cpuUsPerRequest", "CPU µs/request"),
    *(Metric(f"{key}Percent", f"{title} %", digits=1) for key, title in profiles.titles()),
)


def measure(run: Run, protocol: Protocol) -> list[Table]:
    target = start_http_origin(run.processes)
    binary = run.settings.gyre
    others = baselines(run.programs) if protocol is Protocol.TCP else pipelined(binary)
    name = f"{protocol.value}-profile"
    tables = []
    with run.group([*standard(binary, protocol), *others], target, lambda candidate: wrk(
            run.processes, candidate.port, CONNECTIONS, run.settings.warm_up_seconds)) as group:
        for connections in run.settings.clients((CONNECTIONS,)):
            series = group.measure(
                partial(_profile, run, connections), connections, run.settings.memory_rounds)
            tables.append(Table(
                f"{name}: {connections_text(connections)}, keep-alive", METRICS, series, name,
                {"connections": connections},
                note="Shares of processor time by samples of perf. *Receiver's half* is what the "
                     "other end's kernel does with a segment, which on the loopback happens in "
                     "the sender's context. The sampling is part of the CPU time."))
    return tables


def _profile(run: Run, connections: int, candidate: Candidate) -> Sample:
    profile = Profile(run.processes, candidate.pid)
    load, cost = run.loaded(candidate, lambda: wrk(
        run.processes, candidate.port, connections, max(SECONDS_MIN, run.settings.seconds)))
    shares = {f"{key}Percent": share for key, share in profile.finish().items()}
    return Sample(shares | cost_figures(load, cost, "Request"), load.failures)
