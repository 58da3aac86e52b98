"""Processes that a run starts: pinned, logged, found by the socket they listen on, ended by pid."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare import proc
from compare.errors import BenchmarkError

START_SECONDS_MAX = 10.0
STOP_SECONDS_MAX = 3.0
PORT_ATTEMPTS = 5
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Placement:
    """Which processor runs what."""

    candidate: int
    load: int

    @staticmethod
    def here() -> Placement:
        """The first two processors this process may use, or the only one for both."""
        allowed = sorted(os.sched_getaffinity(0))
        return Placement(candidate=allowed[0], load=allowed[1 if len(allowed) > 1 else 0])

    @property
    def is_shared(self) -> bool:
        return self.candidate == self.load


@dataclass
class Running:
    """A started process."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.child.pid

    def require_alive(self) -> None:
        """Raises when it has ended: what was measured meanwhile is worth nothing."""
        code = self.child.poll()
        if code is not None:
            raise BenchmarkError(f"{self.name} ended with code {code}: {self.last_words()}")

    def last_words(self) -> str:
        text = self.log.read_text(errors="replace").strip()
        return text[-300:] if text else "it wrote nothing"


class Processes:
    """Everything started in one run, and the temporary directory it uses. A context."""

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self.running: list[Running] = []
        self._directory = tempfile.TemporaryDirectory(prefix="gyre-bench-")
        self.directory = Path(self._directory.name)
        self._started = 0

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()
        self._directory.cleanup()

    def stop_all(self) -> None:
        """Ends what still runs, the last one first."""
        for running in reversed(self.running.copy()):
            self.stop(running)

    def new_path(self, name: str) -> Path:
        """A path in the temporary directory that nobody was given before."""
        self._started += 1
        return self.directory / f"{self._started}-{name}"

    def start(
        self, name: str, command: Sequence[str], cpu: int, pass_fds: Sequence[int] = ()
    ) -> Running:
        """Starts a process on one processor, with its output in a file of its own."""
        log = self.new_path(f"{name}.log")

        def prepare() -> None:
            os.sched_setaffinity(0, {cpu})
            # Should this program be killed, what it started ends, too.
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

        with log.open("wb") as output:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=prepare, pass_fds=pass_fds,
            )
        running = Running(name, child, log)
        self.running.append(running)
        return running

    def start_listening(
        self, name: str, cpu: int, command: Callable[[int], Sequence[str]]
    ) -> tuple[Running, int]:
        """Starts what `command(port)` says and waits until it listens there.

        A free port may be taken before its user binds it, so this tries again with another one.
        """
        failure = ""
        for _ in range(PORT_ATTEMPTS):
            port = free_port()
            running = self.start(name, command(port), cpu)
            if self.await_listening(running, port):
                return running, port
            self.stop(running)
            failure = running.last_words()
        raise BenchmarkError(f"{name} does not start: {failure}")

    @staticmethod
    def await_listening(running: Running, port: int) -> bool:
        """Whether it listens before it ends or time is up."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if proc.listens(running.pid, port):
                return True
            if running.child.poll() is not None:
                return False
            time.sleep(0.01)
        return False

    def stop(self, running: Running) -> None:
        """Ends a process; what does not end by itself is killed, with its children, by pid."""
        if running not in self.running:
            return
        self.running.remove(running)
        if running.child.poll() is not None:
            return
        family = proc.tree(running.pid)
        running.child.send_signal(signal.SIGTERM)
        try:
            running.child.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            # Parents first: a master would start its workers again.
            for pid in family:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            running.child.wait()

    def call(
        self, name: str, command: Sequence[str], seconds_max: float,
        interrupt_after: float | None = None,
    ) -> str:
        """Runs a command on the load's processor to its end and returns what it printed.

        `interrupt_after`: seconds after which it is told to end.
        """
        running = self.start(name, command, self.placement.load)
        try:
            if interrupt_after is not None:
                time.sleep(interrupt_after)
                running.child.send_signal(signal.SIGINT)
            running.child.wait(seconds_max)
        except subprocess.TimeoutExpired as error:
            raise BenchmarkError(f"{name} did not end within {seconds_max:.0f} s") from error
        finally:
            self.stop(running)
        text = running.log.read_text(errors="replace")
        running.log.unlink()
        return text


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
