"""Counts the system calls of a process from outside, with perf or else with strace."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import time

from compare import proc
from compare.processes import BenchmarkError, Processes

EVENT = "raw_syscalls:sys_enter"
ATTACH_SECONDS_MAX = 10.0
# perf says "<not counted>" of who never ran meanwhile, and "<not supported>" where it may not.
PERF_COUNT = re.compile(rf"^(\d+|<not counted>),[^,]*,{EVENT}", re.MULTILINE)


class PerfCount:
    """`perf stat` on the kernel's own trace point: exact, and cheap for who is counted.

    perf attaches with its counter stopped and is told over a pipe when to count, so that neither
    its start nor its end is part of the figure.
    """

    tool = "perf"

    def __init__(self, processes: Processes, pid: int) -> None:
        self._processes = processes
        self._output = processes.new_path("perf")
        control, self._control = os.pipe()
        self._acknowledge, acknowledge = os.pipe()
        try:
            self._perf = processes.start("perf", [
                "perf", "stat", "-x,", "-e", EVENT, "-p", ",".join(map(str, proc.tree(pid))),
                "-o", str(self._output), "-D", "-1", "--control", f"fd:{control},{acknowledge}",
            ], processes.placement.load, pass_fds=(control, acknowledge))
        finally:
            os.close(control)
            os.close(acknowledge)
        self._tell("enable")

    def finish(self) -> int:
        """Stops counting and returns the count."""
        self._tell("disable")
        os.close(self._control)
        os.close(self._acknowledge)
        self._perf.child.send_signal(signal.SIGINT)
        self._perf.child.wait(ATTACH_SECONDS_MAX)
        self._processes.stop(self._perf)
        count = PERF_COUNT.search(self._output.read_text())
        if count is None:
            raise BenchmarkError(f"perf gave no count: {self._output.read_text().strip()[-200:]}")
        return int(count[1]) if count[1].isdecimal() else 0

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

    def __init__(self, processes: Processes, pid: int) -> None:
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

    def finish(self) -> int:
        """Detaches and returns the count."""
        self._strace.child.send_signal(signal.SIGINT)
        self._strace.child.wait(ATTACH_SECONDS_MAX)
        self._processes.stop(self._strace)
        summary = self._output.read_text()
        if not summary.strip():
            return 0
        # "100.00    0.001234           0       987        12 total"; the errors may be left out.
        total = re.search(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*total$", summary, re.MULTILINE)
        if total is None:
            raise BenchmarkError(f"strace gave no count: {summary.strip()[-200:]}")
        return int(total[1])


Counting = type[PerfCount] | type[StraceCount]


def available() -> Counting | None:
    """What works here; `None` when neither does."""
    if shutil.which("perf"):
        trial = subprocess.run(
            ["perf", "stat", "-x,", "-e", EVENT, "-p", str(os.getpid()), "--", "true"],
            capture_output=True, text=True, check=False)
        if trial.returncode == 0 and PERF_COUNT.search(trial.stderr):
            return PerfCount
    return StraceCount if shutil.which("strace") else None
