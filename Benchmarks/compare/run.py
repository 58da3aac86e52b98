"""One run: its settings, its processes, and the steps that every scenario is made of."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.candidates import Candidate, Entry
from compare.load import Load
from compare.proc import RunTime
from compare.processes import BenchmarkError, Processes
from compare.rounds import Sample, Series, alternate

# A candidate that took no run time for this long has served what there was.
QUIET_SECONDS = 0.1
SETTLE_SECONDS_MAX = 5.0


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

    @property
    def memory_rounds(self) -> int:
        """Memory repeats itself almost to the byte, so more rounds would only take time."""
        return min(self.rounds, 3)


@dataclass
class Run:
    """What scenarios work with."""

    settings: Settings
    processes: Processes

    def alternate_running(
        self, entries: Sequence[Entry], target: int, warm_up: Callable[[Candidate], Load | Sample],
        measure: Callable[[Candidate], Sample],
    ) -> list[Series]:
        """Starts all entries in front of `target`, warms them up and measures them in turns.

        Whoever cannot be started is a failure in the table; the others are still compared.
        """
        everyone: list[Series] = []
        started: list[tuple[Candidate, Series]] = []
        try:
            for entry in entries:
                series = Series(entry.name, entry.is_peer)
                everyone.append(series)
                try:
                    candidate = entry.start(self.processes, target)
                    started.append((candidate, series))
                    series.other_failures += warm_up(candidate).failures
                except BenchmarkError as error:
                    series.other_failures.append(str(error))
            alternate(started, self.settings.rounds, measure)
        finally:
            for candidate, series in started:
                self.end(candidate, series)
        return everyone

    def end(self, candidate: Candidate, series: Series) -> None:
        """Stops a candidate; one that crashed, even while stopping, is a failure."""
        self.processes.stop(candidate.process)
        code = candidate.process.child.returncode
        # 0 is a clean drain, 1 one with flows left; nginx and HAProxy end on the signal itself.
        if code not in (0, 1, -15, 143):
            words = candidate.process.last_words()
            series.other_failures.append(f"ended with code {code}: {words}")

    def alternate_fresh(
        self, entries: Sequence[Entry], target: int, measure: Callable[[Candidate], Sample]
    ) -> list[Series]:
        """Like `alternate_running`, with a new process every time: memory has a history."""
        subjects = [(entry, Series(entry.name, entry.is_peer)) for entry in entries]
        by_name = {series.name: series for _, series in subjects}

        def once(entry: Entry) -> Sample:
            candidate = entry.start(self.processes, target)
            try:
                return measure(candidate)
            finally:
                self.end(candidate, by_name[entry.name])

        alternate(subjects, self.settings.memory_rounds, once)
        return [series for _, series in subjects]

    def loaded(self, candidate: Candidate, put_load: Callable[[], Load]) -> tuple[Load, RunTime]:
        """Puts load on a candidate; returns it with the run time it took."""
        before = candidate.run_time()
        load = put_load()
        return load, settle(candidate) - before

    @staticmethod
    def say(text: str) -> None:
        """Progress, on the standard error stream so that the tables stay clean."""
        print(text, file=sys.stderr, flush=True)


def settle(candidate: Candidate) -> RunTime:
    """Waits until a candidate sleeps, after a load; returns its run time until then.

    What it still does when the load generator has ended (closing, sending what nobody awaits) is
    part of the load's cost, and run times are exact only of who sleeps.
    """
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    before, now = None, candidate.run_time()
    while now != before and time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        before, now = now, candidate.run_time()
    return now
