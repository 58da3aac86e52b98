"""The C programs in `Benchmarks/programs`: compiled for the run, when one is first needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from compare.errors import BenchmarkError
from compare.processes import Processes

SOURCES = Path(__file__).resolve().parent.parent / "programs"
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pthread")
COMPILERS = ("gcc", "clang", "cc")


def compiler() -> str | None:
    """The first C compiler that is there."""
    return next((name for name in COMPILERS if shutil.which(name)), None)


class Programs:
    """Compiles each program once, into the run's temporary directory."""

    def __init__(self, processes: Processes) -> None:
        self._directory = processes.new_path("programs")
        self._directory.mkdir()

    def path(self, name: str) -> Path:
        """The program that is made of `programs/NAME.c`."""
        program = self._directory / name
        if not program.exists():
            self._compile(name, program)
        return program

    @staticmethod
    def _compile(name: str, program: Path) -> None:
        command = compiler()
        if command is None:
            raise BenchmarkError("there is no C compiler; install gcc")
        outcome = subprocess.run(
            [command, *FLAGS, "-o", str(program), str(SOURCES / f"{name}.c"), "-lm"],
            capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            raise BenchmarkError(f"{name}.c does not compile: {outcome.stderr.strip()[:400]}")
