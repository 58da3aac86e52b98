"""Results as Markdown, for people, and as plain values, for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from compare.candidates import Kind
from compare.rounds import Sample, Series, Spread, ratio_to_better_peer

ABSENT = "–"
FAILURES_SHOWN = 3


@dataclass(frozen=True)
class Metric:
    """One figure of a table. Less is better wherever a ratio is asked for."""

    key: str
    title: str
    digits: int = 2
    has_spread: bool = False
    has_ratio: bool = False


@dataclass
class Table:
    """The outcome of one scenario under one setting."""

    title: str
    metrics: Sequence[Metric]
    series: Sequence[Series]
    # What the title says, for programs: the scenario's name and what it was set to.
    scenario: str
    setting: Mapping[str, object] = field(default_factory=dict)
    # What a reader must know to read the figures right; one line.
    note: str = ""

    @property
    def has_failures(self) -> bool:
        return any(series.failures for series in self.series)

    def markdown(self) -> str:
        heads = ["candidate"]
        for metric in self.metrics:
            heads.append(metric.title)
            if metric.has_spread:
                heads.append("min … max")
            if metric.has_ratio:
                heads.append("to the better peer, per round")
        heads.append("failures")
        rules = ["---"] + ["---:"] * (len(heads) - 2) + ["---"]
        lines = [f"### {self.title}", ""]
        if self.note:
            lines += [self.note, ""]
        lines += [_row(heads), _row(rules)]
        lines += [_row(self._cells(series)) for series in self.series]
        return "\n".join([*lines, ""])

    def _cells(self, series: Series) -> list[str]:
        cells = [series.name]
        for metric in self.metrics:
            spread = Spread.of(series.figures(metric.key))
            cells.append(f"{spread.median:,.{metric.digits}f}" if spread else ABSENT)
            if metric.has_spread:
                cells.append(_ends(spread, metric.digits))
            if metric.has_ratio:
                cells.append(self._ratio(series, metric))
        return [*cells, _failures(series.failures)]

    def _ratio(self, series: Series, metric: Metric) -> str:
        if series.kind is not Kind.GYRE:
            return ""
        ratio = ratio_to_better_peer(series, self.series, metric.key)
        return f"**{ratio.median:.2f}** ({_ends(ratio, 2)})" if ratio else ABSENT

    def plain(self) -> dict[str, object]:
        """Everything measured, round by round; `of_plain` makes the table of it again."""
        candidates = []
        for series in self.series:
            ratios = {
                metric.key: asdict(ratio) for metric in self.metrics
                if metric.has_ratio and series.kind is Kind.GYRE
                and (ratio := ratio_to_better_peer(series, self.series, metric.key))
            }
            candidates.append({
                "name": series.name, "kind": series.kind.name.lower(),
                "ratiosToBetterPeer": ratios,
                "rounds": [asdict(sample) for sample in series.samples],
                "otherFailures": series.other_failures,
            })
        return {
            "scenario": self.scenario, "setting": dict(self.setting), "title": self.title,
            "note": self.note, "candidates": candidates,
            "metrics": [asdict(metric) for metric in self.metrics],
        }

    @staticmethod
    def of_plain(plain: Mapping[str, Any]) -> Table:
        """The table that `plain` was made of."""
        series = [
            Series(one["name"], Kind[one["kind"].upper()],
                   [Sample(**sample) for sample in one["rounds"]], one["otherFailures"])
            for one in plain["candidates"]]
        return Table(plain["title"], [Metric(**metric) for metric in plain["metrics"]], series,
                     plain["scenario"], plain["setting"], plain["note"])


def connections_text(count: int) -> str:
    """The number with the right form of the word."""
    return f"{count:,} connection{'' if count == 1 else 's'}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ends(spread: Spread | None, digits: int) -> str:
    if spread is None:
        return ABSENT
    return f"{spread.minimum:,.{digits}f} … {spread.maximum:,.{digits}f}"


def _failures(failures: Sequence[str]) -> str:
    if not failures:
        return "0"
    counted = Counter(failures).most_common()
    shown = [f"{count}× {text}" for text, count in counted[:FAILURES_SHOWN]]
    if len(counted) > FAILURES_SHOWN:
        shown.append(f"and {len(counted) - FAILURES_SHOWN} other kinds")
    return "; ".join(shown).replace("|", "/").replace("\n", " ")
