"""What a figure depends on besides the programs: the machine, its load, and all versions."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from compare.processes import Placement
from compare.programs import compiler

LOAD_WARNING = 0.5


def describe(gyre: Path, placement: Placement) -> dict[str, str]:
    """Facts by name, in the order in which they are shown."""
    load = os.getloadavg()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "CPU": f"{_cpu_model()}, {os.cpu_count()} online{_hypervisor()}",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "congestion control": _read("/proc/sys/net/ipv4/tcp_congestion_control"),
        "placement": (
            f"everything on CPU {placement.candidate}, the only one"
            if placement.is_shared else
            f"candidates on CPU {placement.candidate}, "
            f"origin and load generator on CPU {placement.load}"),
        "Gyre": _version([str(gyre), "--version"], r".+"),
        "nginx": _version(["nginx", "-v"], r"nginx/(\S+)"),
        "HAProxy": _version(["haproxy", "-v"], r"version (\S+)"),
        "wrk": _version(["wrk", "-v"], r"wrk (\S+)"),
        "ab": _version(["ab", "-V"], r"Version (\S+)"),
        "iperf3": _version(["iperf3", "--version"], r"iperf (\S+)"),
        "C compiler": _version([compiler() or "", "--version"], r".+"),
        "descriptors": f"{resource.getrlimit(resource.RLIMIT_NOFILE)[1]:,} per process",
        "load average at start": " ".join(f"{value:.2f}" for value in load),
    }


def warnings(placement: Placement) -> list[str]:
    """What makes the figures of this run worth less."""
    found = []
    if os.getloadavg()[0] > LOAD_WARNING:
        found.append(
            f"the load average is above {LOAD_WARNING}: other work runs here, figures are noisy; "
            "trust ratios, not absolute figures")
    if placement.is_shared:
        found.append(
            "there is one CPU: candidates share it with the load generator and the origin; "
            "CPU per request still counts the candidate alone, rates and latencies do not")
    return found


def markdown(facts: dict[str, str], warned: Sequence[str]) -> str:
    lines = ["## Machine", ""]
    lines += [f"- {name}: {fact}" for name, fact in facts.items()]
    lines += [f"- **WARNING**: {warning}" for warning in warned]
    return "\n".join([*lines, ""])


def _cpu_model() -> str:
    # Not every architecture names its model here.
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.processor() or "unknown"


def _hypervisor() -> str:
    return ", virtual machine" if re.search(r"\bhypervisor\b", _read("/proc/cpuinfo")) else ""


def _version(command: Sequence[str], pattern: str) -> str:
    try:
        outcome = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "absent"
    found = re.search(pattern, outcome.stdout + outcome.stderr)
    if found is None:
        return "unknown"
    return found[1] if found.groups() else found[0]


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"
