"""Rounds in alternation and what is made of them: medians, spreads, ratios within a round.

Machines are shared and clocks drift; within one round all candidates meet about the same machine,
so a ratio of two figures of one round says more than either figure.
"""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from compare.candidates import Kind
from compare.errors import BenchmarkError

Subject = TypeVar("Subject")


@dataclass
class Sample:
    """What one candidate did in one round; a figure that could not be taken is absent."""

    figures: dict[str, float | None] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@dataclass
class Series:
    """All rounds of one candidate."""

    name: str
    kind: Kind
    samples: list[Sample] = field(default_factory=list)
    # At start, in the warm-up or when it was stopped, so they belong to no round.
    other_failures: list[str] = field(default_factory=list)

    def figures(self, key: str) -> list[float]:
        found = (sample.figures.get(key) for sample in self.samples)
        return [figure for figure in found if figure is not None]

    @property
    def failures(self) -> list[str]:
        return [text for sample in self.samples for text in sample.failures] + self.other_failures


@dataclass(frozen=True)
class Spread:
    """Middle and ends of some figures."""

    median: float
    minimum: float
    maximum: float

    @staticmethod
    def of(figures: Sequence[float]) -> Spread | None:
        if not figures:
            return None
        return Spread(statistics.median(figures), min(figures), max(figures))


def alternate(
    subjects: Sequence[tuple[Subject, Series]], rounds: int, measure: Callable[[Subject], Sample]
) -> None:
    """Measures every subject once per round, each round beginning with another one.

    Whoever comes first or last in a round may be favoured; so nobody stays there. A failed
    measurement is recorded, and the others go on.
    """
    for number in range(rounds):
        first = number % max(1, len(subjects))
        for subject, series in [*subjects[first:], *subjects[:first]]:
            try:
                sample = measure(subject)
            except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
                sample = Sample(failures=[str(error)])
            series.samples.append(sample)


def ratio_to_better_peer(series: Series, all_series: Sequence[Series], key: str) -> Spread | None:
    """The candidate's figure over the smallest of the peers' figures of the same round.

    The better peer is chosen in each round anew, so noise in the peers counts against Gyre.
    """
    ratios = []
    for number, sample in enumerate(series.samples):
        peers = [
            peer.samples[number].figures.get(key) for peer in all_series
            if peer.kind is Kind.PEER and number < len(peer.samples)
        ]
        present = [figure for figure in peers if figure]
        own = sample.figures.get(key)
        if own is not None and present:
            ratios.append(own / min(present))
    return Spread.of(ratios)
