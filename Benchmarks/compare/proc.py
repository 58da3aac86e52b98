"""What the kernel says about a process: its children, run time, memory and listening sockets."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

CPUCLOCK_SCHED = 2
TCP_LISTEN = "0A"
# A quarter of a second at 100 Hz: with fewer the division is too coarse to be told.
TICKS_MIN = 25


def tree(pid: int) -> list[int]:
    """`pid` and all its descendants; nginx does its work in a child."""
    pids = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            pids += tree(int(child))
    return pids


@dataclass(frozen=True)
class RunTime:
    """Processor time that was taken, or the difference of two of these."""

    # User and system together.
    total_ns: int
    # In the kernel's ticks: how the total is divided, not how much it is.
    user_ticks: int
    system_ticks: int

    def __sub__(self, other: RunTime) -> RunTime:
        return RunTime(
            self.total_ns - other.total_ns, self.user_ticks - other.user_ticks,
            self.system_ticks - other.system_ticks)

    @property
    def user_ns(self) -> float | None:
        """The part outside of the kernel; `None` when it was too short to tell."""
        ticks = self.user_ticks + self.system_ticks
        return self.total_ns * self.user_ticks / ticks if ticks >= TICKS_MIN else None


def run_time(pid: int) -> RunTime:
    """Run time of a process and its children so far.

    The total is read from the process CPU clock, which is the sum of the first field of
    /proc/PID/task/*/schedstat plus the time of threads that have ended. The kernel ends idle
    threads of io_uring within seconds, so the files alone lose time. Exact once the process sleeps.
    """
    total = user = system = 0
    for member in tree(pid):
        try:
            # The clock of another process: clock_getcpuclockid(3) makes the same number.
            total += time.clock_gettime_ns((~member << 3) | CPUCLOCK_SCHED)
            # The name, in parentheses, may have spaces; utime and stime are fields 14 and 15.
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        user += int(fields[11])
        system += int(fields[12])
    return RunTime(total, user, system)


def anonymous_bytes(pid: int) -> int:
    """Anonymous resident memory of a process and its children: RssAnon, counted page by page.

    RssAnon in /proc/PID/status is the same figure, but on many kernels it may lag by some hundred
    kilobytes, which matters where a few flows are looked at.
    """
    total = 0
    for member in tree(pid):
        for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                total += int(line.split()[1]) * 1024
    return total


def listens(pid: int, port: int) -> bool:
    """Whether a process or a child of it listens on `port`.

    Looks at socket inodes and not only at the port: it could have been taken by somebody else.
    Connecting instead would leave a flow behind in the candidate.
    """
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    return bool(wanted) and any(wanted & _descriptors(member) for member in tree(pid))


def _listening_inodes(port: int) -> list[str]:
    inodes = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == TCP_LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.append(fields[9])
    return inodes


def _descriptors(pid: int) -> set[str]:
    targets = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                targets.add(os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                continue
    except OSError:
        pass
    return targets


def threads(pid: int) -> list[int]:
    """The threads of a process and its children."""
    found = []
    for member in tree(pid):
        try:
            found += [int(name) for name in os.listdir(f"/proc/{member}/task")]
        except OSError:
            continue
    return found


def is_traced(thread: int) -> bool:
    """Whether a debugger or strace is attached; a thread that has ended counts as attached."""
    try:
        lines = Path(f"/proc/{thread}/status").read_text().splitlines()
    except OSError:
        return True
    return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in lines)
