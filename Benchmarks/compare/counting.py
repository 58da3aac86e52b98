"""Counts system calls and context switches of a process from outside, with perf or strace."""

from __future__ import annotations

import functools
import os
import re
import select
import shutil
import signal
import subprocess
import time

from compare import proc, readings
from compare.errors import BenchmarkError
from compare.processes import Processes
from compare.readings import Counts

EVENT = "raw_syscalls:sys_enter"
ATTACH_SECONDS_MAX = 10.0
# What a proxy calls with every request, by what it is for. Each name is an event more, which takes
# the kernel some hundredths of a second to set up, so what is rare is left to the rest.
KINDS: dict[str, tuple[str, ...]] = {
    "wait": ("epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "pselect6"),
    "ring": ("io_uring_enter",),
    "receive": ("read", "readv", "recvfrom", "recvmsg"),
    "send": ("write", "writev", "sendto", "sendmsg"),
}


def by_kind(counts: Counts) -> dict[str, int]:
    """Calls of each kind, and those of none as `rest`."""
    found = {kind: sum(counts.by_name.get(name, 0) for name in names)
             for kind, names in KINDS.items()}
    return found | {"rest": counts.total - sum(found.values())}


@functools.cache
def _kind_events() -> list[str]:
    """Trace points of single system calls; not every kernel has them, or all of them."""
    outcome = subprocess.run(
        ["perf", "list", "syscalls:sys_enter_*"], capture_output=True, text=True, check=False)
    known = set(re.findall(r"syscalls:sys_enter_\w+", outcome.stdout))
    asked = (f"syscalls:sys_enter_{name}" for names in KINDS.values() for name in names)
    return [event for event in asked if event in known]


class PerfCount:
    """`perf stat` on the kernel's own trace point: exact, and cheap for who is counted.

    perf attaches with its counter stopped and is told over a pipe when to count, so that neither
    its start nor its end is part of the figure.
    """

    tool = "perf"

    def __init__(self, processes: Processes, pid: int, *, has_kinds: bool = False) -> None:
        """`has_kinds`: tells calls by name, too; a descriptor for each, and each thread."""
        events = [EVENT, "context-switches", *(_kind_events() if has_kinds else [])]
        self._processes = processes
        self._output = processes.new_path("perf")
        control, self._control = os.pipe()
        self._acknowledge, acknowledge = os.pipe()
        try:
            self._perf = processes.start("perf", [
                "perf", "stat", "-x,", "-e", ",".join(events),
                "-p", ",".join(map(str, proc.tree(pid))), "-o", str(self._output), "-D", "-1",
                "--control", f"fd:{control},{acknowledge}",
            ], processes.placement.load, pass_fds=(control, acknowledge))
        finally:
            os.close(control)
            os.close(acknowledge)
        self._tell("enable")

    def finish(self) -> Counts:
        """Stops counting and returns the counts."""
        self._tell("disable")
        os.close(self._control)
        os.close(self._acknowledge)
        self._perf.child.send_signal(signal.SIGINT)
        self._perf.child.wait(ATTACH_SECONDS_MAX)
        self._processes.stop(self._perf)
        return readings.perf_counts(self._output.read_text())

    def _tell(self, command: str) -> None:
        os.write(self._control, f"{command}\n".encode())
        # Not select(2): with thousands of flows open the descriptor may be beyond its 1023.
        poll = select.poll()
        poll.register(self._acknowledge, select.POLLIN)
        is_answered = poll.poll(ATTACH_SECONDS_MAX * 1000)
        if not is_answered or not os.read(self._acknowledge, 16).startswith(b"ack"):
            raise BenchmarkError(f"perf does not {command}: {self._perf.last_words()}")


class StraceCount:
    """`strace -c`, where perf is not allowed.

    It stops the candidate at every call. The count is right for what happened, but the candidate is
    so much slower that other batches form than without it.
    """

    tool = "strace"

    def __init__(self, processes: Processes, pid: int, *, has_kinds: bool = False) -> None:
        """It tells calls by name anyway."""
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
        return readings.strace_counts(self._output.read_text())


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
