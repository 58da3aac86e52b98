"""The command line of `Benchmarks/run`: what is asked for, whether it can be done, the report."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from compare import counting, machine, profiles
from compare.candidates import descriptors
from compare.configurations import STREAM_MODULE
from compare.errors import BenchmarkError
from compare.outcome import Outcome
from compare.processes import Placement, Processes
from compare.programs import Programs, compiler
from compare.run import Run, Settings
from compare.scenarios import GROUPS, SCENARIOS, Scenario

CONNECTIONS_MAX = 4096
SECONDS_MIN = 0.2
# Rounds, and seconds of one measurement: with some scenarios; with all of them, so that they take
# less than twenty minutes; and when only asked whether everything works.
SOME, ALL, QUICK = (5, 1.0), (3, 0.5), (1, 0.3)
LATEST = "latest.json"


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0, or 1 when anything failed; a wrong command line exits with 2."""
    options = _parser().parse_args(arguments)
    if options.list:
        for scenario in SCENARIOS.values():
            print(f"{scenario.name:13} {scenario.summary}")
        return 0
    # A terminated run cleans up like an interrupted one.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _measure(options)
    except BenchmarkError as error:
        print(f"Benchmarks/run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Benchmarks/run: interrupted", file=sys.stderr)
        return 130


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run",
        description="Compares gyre tcp and gyre http with nginx, HAProxy and what came before "
                    "them, in alternation.",
        epilog="Method and how to read the tables: Benchmarks/README.md")
    parser.add_argument(
        "scenario", nargs="*", type=_scenario, metavar="SCENARIO",
        help=f"{', '.join([*SCENARIOS, *GROUPS])} (default: all)")
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    parser.add_argument("--quick", action="store_true", help="one round: does everything work?")
    parser.add_argument(
        "--rounds", type=_positive, metavar="N",
        help=f"default: {SOME[0]}, or {ALL[0]} for all scenarios")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="S",
        help=f"of one measurement (default: {SOME[1]}, or {ALL[1]} for all scenarios)")
    parser.add_argument(
        "--connections", type=_connections, metavar="N[,N…]",
        help="clients at once, where a scenario is about active ones")
    parser.add_argument(
        "--gyre", type=Path, default=_root() / ".build/release/gyre", metavar="PATH",
        help="the binary (default: .build/release/gyre of this repository)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE",
        help="where every round's figures are written "
             f"(default: Benchmarks/results/TIME.json, and as {LATEST} beside it)")
    return parser


def _root() -> Path:
    return Path(__file__).resolve().parent.parent.parent


def _scenario(text: str) -> str:
    if text not in SCENARIOS and text not in GROUPS:
        raise argparse.ArgumentTypeError(
            f"expected one of {', '.join([*SCENARIOS, *GROUPS])}")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1000:
        raise argparse.ArgumentTypeError("expected a whole number from 1 to 1000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not SECONDS_MIN <= seconds <= 1000:
        raise argparse.ArgumentTypeError(f"expected a number from {SECONDS_MIN} to 1000")
    return seconds


def _connections(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isdecimal() and 0 < int(part) <= CONNECTIONS_MAX for part in parts):
        raise argparse.ArgumentTypeError(
            f"expected whole numbers from 1 to {CONNECTIONS_MAX}, with commas between them")
    return tuple(map(int, parts))


def _measure(options: argparse.Namespace) -> int:
    # nginx and HAProxy are in a folder that is not in every user's path.
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    asked = [GROUPS.get(word, (word,)) for word in options.scenario or ["all"]]
    # In the order in which they were asked for, each once.
    names = dict.fromkeys(name for words in asked for name in words)
    scenarios = [SCENARIOS[name] for name in names]
    _require(options.gyre, scenarios)
    descriptors()
    placement = Placement.here()
    # The run itself is part of the load: it must not take time from a candidate.
    os.sched_setaffinity(0, {placement.load})
    with Processes(placement) as processes:
        # A copy, so that a build during the run cannot swap the binary between two rounds.
        binary = processes.directory / "gyre"
        shutil.copy2(options.gyre, binary)
        rounds, seconds = (
            QUICK if options.quick else ALL if len(scenarios) == len(SCENARIOS) else SOME)
        settings = Settings(
            gyre=binary, is_quick=options.quick, connections=options.connections,
            rounds=options.rounds or rounds, seconds=options.seconds or seconds)
        paths = [options.json] if options.json else [
            _results() / time.strftime("%Y%m%d-%H%M%S.json"), _results() / LATEST]
        return _report(Run(settings, processes, Programs(processes)), scenarios, paths)


def _results() -> Path:
    path = _root() / "Benchmarks/results"
    path.mkdir(exist_ok=True)
    return path


def _require(gyre: Path, scenarios: Sequence[Scenario]) -> None:
    """Says at once what is missing, not after minutes of measuring."""
    if not os.access(gyre, os.X_OK) or gyre.is_dir():
        raise BenchmarkError(f"there is no program {gyre}; build it with: make release")
    tools = {"nginx", "haproxy"}.union(*(scenario.tools for scenario in scenarios))
    missing = sorted(tool for tool in tools if shutil.which(tool) is None)
    if missing:
        raise BenchmarkError(f"these programs are missing: {', '.join(missing)}")
    if Path("/etc/debian_version").exists() and not STREAM_MODULE.exists():
        raise BenchmarkError("nginx has no stream module; install libnginx-mod-stream")
    if any(scenario.counts_calls for scenario in scenarios) and counting.available() is None:
        raise BenchmarkError("system calls cannot be counted; install linux-perf or strace")
    if compiler() is None:
        raise BenchmarkError("there is no C compiler; install gcc")


def _report(run: Run, scenarios: Sequence[Scenario], paths: Sequence[Path]) -> int:
    """Measures, prints and writes after each scenario, so that nothing is lost with the next one.
    """
    placement = run.processes.placement
    facts = machine.describe(run.settings.gyre, placement)
    outcome = Outcome(facts, machine.warnings(placement), run.settings)
    print(machine.markdown(facts, outcome.warnings), flush=True)
    for scenario in scenarios:
        if scenario.samples and not profiles.available(run.processes):
            outcome.skipped[scenario.name] = "perf may not sample the kernel here"
            run.say(f"{scenario.name}: left out; {outcome.skipped[scenario.name]}")
            continue
        began = time.monotonic()
        run.say(f"{scenario.name} …")
        try:
            tables = scenario.measure(run)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the scenarios before and after it are still worth having.
            outcome.failed[scenario.name] = f"{type(error).__name__}: {error}"
            run.say(f"{scenario.name}: FAILED: {error!r}")
            continue
        finally:
            # A scenario ends what it started; what it could not end must not be beside the next.
            run.processes.stop_all()
        outcome.add(scenario.name, tables, time.monotonic() - began)
        for table in tables:
            print(table.markdown(), flush=True)
        run.say(f"{scenario.name} took {outcome.took[scenario.name]:.0f} s")
        outcome.write(paths)
    outcome.write(paths)
    run.say(f"every round's figures: {paths[0]}")
    for title in outcome.failures():
        print(f"FAILED: {title}", file=sys.stderr)
    return 1 if outcome.failures() else 0
