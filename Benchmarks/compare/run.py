"""One run: its settings, its processes, and the steps that every scenario is made of."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from compare.candidates import Candidate, Entry
from compare.errors import BenchmarkError
from compare.proc import RunTime
from compare.processes import Processes
from compare.programs import Programs
from compare.readings import Load
from compare.rounds import Sample, Series, alternate

# A candidate that took no run time for this long has served what there was.
QUIET_SECONDS = 0.05
SETTLE_SECONDS_MAX = 5.0
CONNECTIONS_MANY = 256


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    gyre: Path
    rounds: int
    # Of one measurement.
    seconds: float
    # `None`: what the scenario does by itself.
    connections: tuple[int, ...] | None
    is_quick: bool

    def clients(self, by_itself: Sequence[int]) -> Sequence[int]:
        """Of how many clients at once a scenario is made that would take `by_itself`."""
        if self.connections is None and self.is_quick:
            # The ends and the middle.
            return sorted({by_itself[0], by_itself[len(by_itself) // 2], by_itself[-1]})
        return self.connections or by_itself

    @property
    def warm_up_seconds(self) -> float:
        return min(1.0, 2 * self.seconds)

    def seconds_for(self, connections: int) -> float:
        """Of one measurement: longer where opening the connections takes a good part of it."""
        return self.seconds * (2 if connections > CONNECTIONS_MANY else 1)

    @property
    def memory_rounds(self) -> int:
        """Memory and call counts repeat themselves, so more rounds would only take time."""
        return min(self.rounds, 2)


@dataclass
class Group:
    """Candidates that have been started side by side, in front of one target."""

    rounds: int
    started: list[tuple[Entry, Candidate]] = field(default_factory=list)
    # Of who could not be started or warmed up, by name.
    broken: dict[str, list[str]] = field(default_factory=dict)
    entries: Sequence[Entry] = ()
    # Of the last measurement; what goes wrong when candidates are stopped belongs there.
    last: dict[str, Series] = field(default_factory=dict)

    def measure(
        self, once: Callable[[Candidate], Sample], connections: int = 1, rounds: int | None = None
    ) -> list[Series]:
        """Measures everyone who can have so many clients, in turns.

        Whoever cannot be started is a failure in the table; the others are still compared.
        """
        able = [entry for entry in self.entries
                if entry.connections_max is None or entry.connections_max >= connections]
        self.last = {
            entry.name: Series(entry.name, entry.kind, other_failures=[*self.broken[entry.name]])
            for entry in able}
        subjects = [(candidate, self.last[entry.name])
                    for entry, candidate in self.started if entry in able]
        alternate(subjects, rounds or self.rounds, once)
        return list(self.last.values())


@dataclass
class Run:
    """What scenarios work with."""

    settings: Settings
    processes: Processes
    programs: Programs

    @contextmanager
    def group(
        self, entries: Sequence[Entry], target: int,
        warm_up: Callable[[Candidate], Load | Sample],
    ) -> Iterator[Group]:
        """Starts all entries in front of `target` and warms them up; ends them afterwards."""
        group = Group(self.settings.rounds, entries=entries,
                      broken={entry.name: [] for entry in entries})
        try:
            for entry in entries:
                try:
                    candidate = entry.start(self.processes, target)
                    group.started.append((entry, candidate))
                    group.broken[entry.name] += warm_up(candidate).failures
                except BenchmarkError as error:
                    group.broken[entry.name].append(str(error))
            yield group
        finally:
            for entry, candidate in group.started:
                failure = self.end(candidate)
                if failure and entry.name in group.last:
                    group.last[entry.name].other_failures.append(failure)

    def end(self, candidate: Candidate) -> str:
        """Stops a candidate; returns what was wrong, such as a crash, even while stopping."""
        if candidate.process is None:
            return ""
        self.processes.stop(candidate.process)
        code = candidate.process.child.returncode
        # 0 is a clean drain, 1 one with flows left; nginx and HAProxy end on the signal itself.
        if code in (0, 1, -15, 143):
            return ""
        return f"ended with code {code}: {candidate.process.last_words()}"

    def alternate_fresh(
        self, entries: Sequence[Entry], target: int, measure: Callable[[Candidate], Sample],
        rounds: int | None = None,
    ) -> list[Series]:
        """Measures in turns, each time a new process: memory has a history."""
        def once(entry: Entry) -> Sample:
            candidate = entry.start(self.processes, target)
            sample = None
            try:
                sample = measure(candidate)
            finally:
                failure = self.end(candidate)
                if failure and sample is not None:
                    sample.failures.append(failure)
            return sample

        subjects = [(entry, Series(entry.name, entry.kind)) for entry in entries]
        alternate(subjects, rounds or self.settings.memory_rounds, once)
        return [series for _, series in subjects]

    def loaded(
        self, candidate: Candidate, put_load: Callable[[], Load]
    ) -> tuple[Load, RunTime | None]:
        """Puts load on a candidate; returns it with the run time it took."""
        before = candidate.run_time()
        load = put_load()
        after = settle(candidate)
        return load, after - before if after and before else None

    @staticmethod
    def say(text: str) -> None:
        """Progress, on the standard error stream so that the tables stay clean."""
        print(text, file=sys.stderr, flush=True)


def settle(candidate: Candidate) -> RunTime | None:
    """Waits until a candidate sleeps, after a load; returns its run time until then.

    What it still does when the load generator has ended (closing, sending what nobody awaits) is
    part of the load's cost, and run times are exact only of who sleeps.
    """
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    before, now = None, candidate.run_time()
    while now is not None and now != before and time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        before, now = now, candidate.run_time()
    return now


def cost_figures(load: Load, cost: RunTime | None, unit: str) -> dict[str, float | None]:
    """Processor time for each of what was done, in microseconds, by where it was spent.

    Without a figure where it could not be told, or where nothing was done.
    """
    if cost is None or not load.done:
        return {}
    each = 1e3 * load.done
    figures: dict[str, float | None] = {f"cpuUsPer{unit}": cost.total_ns / each}
    if cost.user_ns is not None:
        figures[f"userUsPer{unit}"] = cost.user_ns / each
        figures[f"systemUsPer{unit}"] = (cost.total_ns - cost.user_ns) / each
    return figures
