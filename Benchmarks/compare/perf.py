"""perf, attached to a candidate and told over a pipe when to begin and to end."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Sequence
from pathlib import Path

from compare import proc
from compare.errors import BenchmarkError
from compare.processes import Processes

# For attaching and for writing what was found.
SECONDS_MAX = 20.0


class Perf:
    """`perf COMMAND` on a process and its children, from when it is made until `finish`.

    perf attaches with its events stopped and says when it has started them, so that neither its
    start nor its end is part of what it sees, and threads that begin meanwhile are not missed.
    """

    def __init__(self, processes: Processes, pid: int, command: Sequence[str]) -> None:
        self._processes = processes
        self._output = processes.new_path("perf")
        control, self._control = os.pipe()
        self._acknowledge, acknowledge = os.pipe()
        try:
            self._perf = processes.start(f"perf-{command[0]}", [
                "perf", *command, "-p", ",".join(map(str, proc.tree(pid))),
                "-o", str(self._output), "-D", "-1", "--control", f"fd:{control},{acknowledge}",
            ], processes.placement.load, pass_fds=(control, acknowledge))
        finally:
            os.close(control)
            os.close(acknowledge)
        self._tell("enable")

    def finish(self) -> Path:
        """Stops the events; returns what perf has written."""
        self._tell("disable")
        self._perf.child.send_signal(signal.SIGINT)
        self._perf.child.wait(SECONDS_MAX)
        self._processes.stop(self._perf)
        # perf does not write its end when it finds the pipe closed.
        os.close(self._control)
        os.close(self._acknowledge)
        return self._output

    def _tell(self, command: str) -> None:
        os.write(self._control, f"{command}\n".encode())
        # Not select(2): with thousands of flows open the descriptor may be beyond its 1023.
        poll = select.poll()
        poll.register(self._acknowledge, select.POLLIN)
        is_answered = poll.poll(SECONDS_MAX * 1000)
        if not is_answered or not os.read(self._acknowledge, 16).startswith(b"ack"):
            raise BenchmarkError(f"perf does not {command}: {self._perf.last_words()}")
