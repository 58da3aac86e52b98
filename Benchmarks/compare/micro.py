"""Instruction counts of the cases in `Benchmarks/Micro`, and the limits they are held to.

Times depend on the machine and on what else runs there; how many instructions a piece of code takes
under callgrind does not. Each case runs twice, for few and for many times, and the difference
counts, so that start-up and preparation do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compare.errors import BenchmarkError

ROOT = Path(__file__).resolve().parent.parent.parent
LIMITS = ROOT / "Benchmarks/Micro/Limits"
# How much more than its limit a case may take. The same code takes the same; this is what a change
# elsewhere may do to inlining without anybody having to look at it.
TOLERANCE = 0.03
FEW, MANY = 200, 1200
# A case in the simulated world runs mostly the simulator: fewer times, and of the instructions
# only those of the modules that it is about.
SIMULATED = "turns-"
FEW_SIMULATED, MANY_SIMULATED = 50, 250
OWN_MODULES = ("$s9DataPlane", "$s9Protocols")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 1 when a case is over its limit or could not be counted."""
    options = _parser().parse_args(arguments)
    try:
        return _check(options)
    except BenchmarkError as error:
        print(f"Benchmarks/micro: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="Benchmarks/micro", description="Instruction counts, held to limits.")
    parser.add_argument("case", nargs="*", help="default: all")
    parser.add_argument("--update", action="store_true", help="make these counts the limits")
    parser.add_argument(
        "--program", type=Path, default=ROOT / ".build/release/micro", metavar="PATH",
        help="the cases (default: .build/release/micro)")
    return parser


def _check(options: argparse.Namespace) -> int:
    for tool in ("valgrind", "strip", "swift"):
        if shutil.which(tool) is None:
            raise BenchmarkError(f"there is no {tool}")
    if not options.program.exists():
        raise BenchmarkError(f"there is no program {options.program}; build it with: make micro")
    path = LIMITS / f"{_compiler_version()}-{platform.machine()}.json"
    limits: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    counts = _counts(options.program, options.case)
    print(markdown(counts, limits), flush=True)
    if options.update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(limits | counts, indent=1) + "\n")
        return 0
    if not path.exists():
        print(f"Benchmarks/micro: there are no limits for this compiler and processor, which "
              f"would be in {path.name}; nothing was held to anything", file=sys.stderr)
        return 0
    unknown = [name for name in counts if name not in limits]
    if unknown:
        raise BenchmarkError(
            f"{path.name} has no limit for {', '.join(unknown)}; Benchmarks/micro --update "
            "makes the present counts the limits")
    over = over_limit(counts, limits)
    if over:
        raise BenchmarkError(f"over the limit: {', '.join(over)}")
    return 0


def _compiler_version() -> str:
    text = subprocess.run(
        ["swift", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Swift version (\d+\.\d+)", text)
    if found is None:
        raise BenchmarkError("swift does not tell its version")
    return found[1]


def _counts(program: Path, asked: Sequence[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="gyre-micro-") as name:
        directory = Path(name)
        stripped = directory / "micro"
        # Valgrind of Debian 12 cannot read the debugging information of this compiler.
        subprocess.run(
            ["strip", "--strip-debug", "-o", str(stripped), str(program)], check=True)
        names = subprocess.run(
            [str(stripped), "--list"], capture_output=True, text=True, check=True).stdout.split()
        unknown = set(asked) - set(names)
        if unknown:
            raise BenchmarkError(f"there is no case {', '.join(sorted(unknown))}")
        chosen = [case for case in names if not asked or case in asked]
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            counts = pool.map(lambda case: _count(stripped, directory, case), chosen)
            return dict(zip(chosen, counts, strict=True))


def _count(program: Path, directory: Path, case: str) -> float:
    """Instructions of one time."""
    few, many = (FEW_SIMULATED, MANY_SIMULATED) if case.startswith(SIMULATED) else (FEW, MANY)
    totals = []
    for times in (few, many):
        output = directory / f"{case}.{times}"
        outcome = subprocess.run([
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={output}",
            "--compress-strings=no", "--compress-pos=no", str(program), case, str(times),
        ], capture_output=True, text=True, check=False, env=os.environ | {
            # Else the order of a dictionary is another one in each run.
            "SWIFT_DETERMINISTIC_HASHING": "1",
            # What the C library does is not counted; but nor shall it differ between processors.
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F_Usable,-AVX2_Usable,-ERMS,-FSRM"})
        if outcome.returncode != 0:
            raise BenchmarkError(f"{case} failed: {outcome.stderr.strip()[-300:]}")
        with output.open() as lines:
            totals.append(instructions(lines, program.name, case.startswith(SIMULATED)))
    return round((totals[1] - totals[0]) / (many - few), 1)


def instructions(lines: Iterable[str], program: str, is_simulated: bool) -> int:
    """What a program executed of its own, not in libraries, from callgrind's output.

    `is_simulated`: only in functions of the modules that are looked at.
    """
    total = 0
    is_counted = is_ours = is_call = False
    for line in lines:
        if line.startswith("ob="):
            is_ours = line.rstrip().endswith(f"/{program}")
        elif line.startswith("fn="):
            is_counted = is_ours and (not is_simulated or line[3:].startswith(OWN_MODULES))
        elif line.startswith("calls="):
            # The next line is what the called function took, which is counted there.
            is_call = True
        elif line[:1].isdigit() or line[:1] in "+-*":
            if is_counted and not is_call:
                total += int(line.split()[1])
            is_call = False
    return total


def over_limit(counts: Mapping[str, float], limits: Mapping[str, float]) -> list[str]:
    """The cases that take more than they may."""
    return [name for name, count in counts.items()
            if name in limits and count > limits[name] * (1 + TOLERANCE)]


def markdown(counts: Mapping[str, float], limits: Mapping[str, float]) -> str:
    lines = ["| case | instructions | limit | change |", "| --- | ---: | ---: | ---: |"]
    for name, count in counts.items():
        limit = limits.get(name)
        told = ("–", "–") if limit is None else (
            f"{limit:,.1f}", f"{100 * (count - limit) / limit:+.2f} %")
        lines.append(f"| {name} | {count:,.1f} | {told[0]} | {told[1]} |")
    return "\n".join(lines)
