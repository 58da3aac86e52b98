"""What a run found, as the document that is written beside its tables: one file of JSON per run."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compare.run import Settings
from compare.tables import Table


@dataclass
class Outcome:
    """Grows with each scenario, and can be written at any time."""

    machine: dict[str, str]
    warnings: list[str]
    settings: Settings
    tables: list[Table] = field(default_factory=list)
    # By scenario: seconds, why it was left out, and why it could not be measured at all.
    took: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, scenario: str, tables: Sequence[Table], seconds: float) -> None:
        self.tables += tables
        self.took[scenario] = round(seconds, 1)

    def failures(self) -> list[str]:
        """One line for each table and scenario in which something went wrong."""
        return [f"{name}: {reason}" for name, reason in self.failed.items()] + [
            f"{table.title}; see the last column" for table in self.tables if table.has_failures]

    def write(self, paths: Sequence[Path]) -> None:
        """Writes the same to each path; each file is whole at any time."""
        text = json.dumps({
            "machine": self.machine, "warnings": self.warnings,
            "command": ["Benchmarks/run", *sys.argv[1:]],
            "options": {
                "rounds": self.settings.rounds, "seconds": self.settings.seconds,
                "connections": self.settings.connections, "isQuick": self.settings.is_quick},
            "tookSeconds": self.took, "skipped": self.skipped, "failed": self.failed,
            "tables": [table.plain() for table in self.tables],
        }, ensure_ascii=False, separators=(",", ":"))
        # A line for each candidate of each table: small, and still to be read and compared.
        text = text.replace('{"name":', '\n{"name":').replace('{"scenario":', '\n{"scenario":')
        for path in paths:
            partial = path.with_suffix(".partial")
            partial.write_text(text + "\n")
            partial.replace(path)
