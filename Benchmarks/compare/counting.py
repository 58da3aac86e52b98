"""Counts system calls and context switches of a process from outside, with perf or strace."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import time

from compare import proc, readings
from compare.errors import BenchmarkError
from compare.perf import Perf
from compare.processes import Processes
from compare.programs import compiler
from compare.readings import Counts

EVENT = "raw_syscalls:sys_enter"
ATTACH_SECONDS_MAX = 10.0
# What a proxy calls with every request, by what it is for; what is rare is left to the rest.
KINDS: dict[str, tuple[str, ...]] = {
    "wait": ("epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6"),
    "ring": ("io_uring_enter",),
    "receive": ("read", "readv", "recvfrom", "recvmsg"),
    "send": ("write", "writev", "sendto", "sendmsg"),
}


@functools.cache
def _filters() -> list[str]:
    """For each kind, what the kernel lets through of the event that has every call.

    An event of its own for each name would take the kernel half a second to set up. Which numbers
    the calls have depends on the architecture; the compiler knows.
    """
    outcome = subprocess.run(
        [compiler() or "", "-dM", "-E", "-"], input="#include <asm/unistd.h>\n",
        capture_output=True, text=True, check=True)
    numbers = dict(re.findall(r"^#define __NR_(\w+) (\d+)$", outcome.stdout, re.MULTILINE))
    return [" || ".join(f"id == {numbers[name]}" for name in names if name in numbers)
            for names in KINDS.values()]


class PerfCount:
    """`perf stat` on the kernel's own trace point: exact, and cheap for who is counted."""

    tool = "perf"

    def __init__(self, processes: Processes, pid: int, *, has_kinds: bool = False) -> None:
        """`has_kinds`: tells them apart, too; takes a descriptor for each kind and thread."""
        events = ["-e", EVENT, "-e", "context-switches"]
        self._kinds = list(KINDS) if has_kinds else []
        for condition in _filters() if has_kinds else []:
            events += ["-e", EVENT, "--filter", condition]
        self._perf = Perf(processes, pid, ["stat", "-x,", *events])

    def finish(self) -> Counts:
        """Stops counting and returns the counts."""
        return readings.perf_counts(self._perf.finish().read_text(), self._kinds)


class StraceCount:
    """`strace -c`, where perf is not allowed.

    It stops the candidate at every call. The count is right for what happened, but the candidate is
    so much slower that other batches form than without it.
    """

    tool = "strace"

    def __init__(self, processes: Processes, pid: int, *, has_kinds: bool = False) -> None:
        """It tells kinds apart anyway."""
        del has_kinds
        self._processes = processes
        self._output = processes.new_path("strace")
        attach = [word for member in proc.tree(pid) for word in ("-p", str(member))]
        self._strace = processes.start(
            "strace", ["strace", "-c", "-f", "-qq", "-o", str(self._output), *attach],
            processes.placement.load)
        deadline = time.monotonic() + ATTACH_SECONDS_MAX
        while not all(proc.is_traced(thread) for thread in proc.threads(pid)):
            if time.monotonic() > deadline or self._strace.child.poll() is not None:
                raise BenchmarkError(f"strace cannot attach: {self._strace.last_words()}")
            time.sleep(0.01)

    def finish(self) -> Counts:
        """Detaches and returns the counts."""
        self._strace.child.send_signal(signal.SIGINT)
        self._strace.child.wait(ATTACH_SECONDS_MAX)
        self._processes.stop(self._strace)
        return readings.strace_counts(self._output.read_text(), KINDS)


Counting = type[PerfCount] | type[StraceCount]


def available() -> Counting | None:
    """What works here; `None` when neither does."""
    if shutil.which("perf"):
        trial = subprocess.run(
            ["perf", "stat", "-x,", "-e", EVENT, "-p", str(os.getpid()), "--", "true"],
            capture_output=True, text=True, check=False)
        # "<not supported>" is said where it may not, "<not counted>" of who did not run.
        if trial.returncode == 0 and re.search(rf"^(\d+|<not counted>),.*{EVENT}", trial.stderr):
            return PerfCount
    return StraceCount if shutil.which("strace") else None
