"""Result files, read again: the tables of one run, or of several where the later ones replace some.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.candidates import Kind
from compare.errors import BenchmarkError
from compare.rounds import Series, Spread, ratio_to_better_peer
from compare.tables import Table


@dataclass(frozen=True)
class Document:
    """What one or several runs found on one machine."""

    machine: Mapping[str, str]
    warnings: Sequence[str]
    commands: Sequence[str]
    tables: Sequence[Table]

    @staticmethod
    def read(paths: Sequence[Path]) -> Document:
        """Of each scenario the tables of the last file that has it; the machine is the first's."""
        by_scenario: dict[str, list[Table]] = {}
        commands = []
        first: Mapping[str, Any] = {}
        for path in paths:
            try:
                plain = json.loads(path.read_text())
                tables = [Table.of_plain(table) for table in plain["tables"]]
                commands.append(_command(plain))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise BenchmarkError(f"{path} is no result file: {error!r}") from error
            first = first or plain
            for scenario in dict.fromkeys(table.scenario for table in tables):
                by_scenario[scenario] = [
                    table for table in tables if table.scenario == scenario]
        return Document(first["machine"], first["warnings"], commands,
                        [table for tables in by_scenario.values() for table in tables])

    def find(self, scenario: str, **setting: object) -> list[Table]:
        """The scenario's tables whose setting has all of this."""
        return [table for table in self.tables if table.scenario == scenario
                and setting.items() <= table.setting.items()]


def _command(plain: Mapping[str, Any]) -> str:
    options = plain["options"]
    took = sum(plain["tookSeconds"].values())
    words = plain["command"]
    # Where files were is of no interest to a reader.
    told = [word for word, before in zip(words, ["", *words], strict=False)
            if not {word, before} & {"--json", "--gyre"}]
    rounds = "1 round" if options["rounds"] == 1 else f"{options['rounds']} rounds"
    return f"`{' '.join(told)}`: {rounds} of {options['seconds']:g} s, {took / 60:.1f} minutes"


def named(table: Table, name: str) -> Series | None:
    """The candidate of this name."""
    return next((series for series in table.series if series.name == name), None)


def best(table: Table, prefix: str, key: str) -> Spread | None:
    """The smallest median among the candidates whose names begin so, with its ends."""
    found = [spread for series in table.series if series.name.startswith(prefix)
             if (spread := Spread.of(series.figures(key)))]
    return min(found, key=lambda spread: spread.median, default=None)


def ratio(table: Table, name: str, key: str) -> Spread | None:
    """Of one of Gyre's candidates to the better peer of each round."""
    series = named(table, name)
    if series is None or series.kind is not Kind.GYRE:
        return None
    return ratio_to_better_peer(series, table.series, key)
