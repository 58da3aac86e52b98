"""Where processor time goes: samples of perf with their call chains, sorted into a few places.

A sample belongs to the innermost function of its chain that a place knows. So a spin lock taken
while somebody is woken counts as waking, and one taken while a segment is sent as sending.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass

from compare.errors import BenchmarkError
from compare.perf import Perf
from compare.processes import Processes

# Not a divisor of anything else's rate.
SAMPLES_PER_SECOND = 2999
# The same events are there in virtual machines, where processors' own counters are not.
EVENT = "cpu-clock"


@dataclass(frozen=True)
class Place:
    """What the time went to, and the kernel's functions that say so."""

    key: str
    title: str
    functions: re.Pattern[str]


def _place(key: str, title: str, *functions: str) -> Place:
    return Place(key, title, re.compile(f"(?:{'|'.join(functions)})(?:\\.|$)"))


OUR_CODE = "ownCode"
OTHER = "other"
# A name matches as a whole, but for what the compiler appends to it.
PLACES = (
    _place("copies", "copies", r"_?copy_(?:to|from)_(?:iter|user)\w*", r"copy_page_\w+",
           r"copy_user_\w+", r"rep_movs_\w+", r"_copy_\w+", r"__check_object_size",
           r"simple_copy_to_iter"),
    _place("waking", "waking others", r"try_to_wake_up", r"__wake_up\w*", r"wake_up_\w+",
           r"default_wake_function", r"autoremove_wake_function", r"sock_def_readable",
           r"sock_def_write_space", r"sk_stream_write_space", r"ep_poll_callback",
           r"ep_autoremove_wake_function", r"pollwake", r"io_poll_wake"),
    _place("waiting", "waiting", r"ep_\w+", r"do_epoll_\w+",
           r"sock_poll", r"tcp_poll", r"do_(?:sys_)?poll", r"do_select", r"core_sys_select",
           r"__schedule", r"schedule\w*", r"finish_task_switch", r"futex_\w+", r"io_cqring_wait\w*",
           r"poll_\w+", r"__pollwait", r"wait_woken", r"sk_wait_data"),
    _place("peerSide", "TCP, receiver's half", r"net_rx_action", r"handle_softirqs", r"do_softirq",
           r"__do_softirq", r"process_backlog", r"tcp_v4_rcv", r"tcp_v4_do_rcv",
           r"tcp_rcv_established", r"__release_sock", r"tcp_\w*timer\w*"),
    _place("connections", "opening, closing", r"__sys_accept4\w*", r"__sys_connect\w*",
           r"io_accept", r"io_connect", r"inet_csk_accept", r"__tcp_close", r"tcp_close",
           r"inet_release", r"__fput", r"__sock_create", r"__sys_socket\w*", r"__sys_shutdown\w*",
           r"io_shutdown", r"kernel_clone", r"do_exit"),
    _place("splicing", "splicing", r"\w*splice\w*", r"pipe_\w+"),
    _place("sending", "TCP, sending", r"tcp_sendmsg\w*", r"inet_sendmsg", r"sock_sendmsg",
           r"__sock_sendmsg", r"tcp_push\w*", r"tcp_write_xmit"),
    _place("receiving", "TCP, receiving", r"tcp_recvmsg\w*", r"inet_recvmsg", r"sock_recvmsg",
           r"tcp_read_sock", r"tcp_cleanup_rbuf"),
    _place("interrupts", "interrupts", r"asm_sysvec_\w+", r"asm_common_interrupt", r"sysvec_\w+"),
    _place("ring", "the ring", r"_?_?io_\w+", r"__do_sys_io_uring_enter", r"tctx_task_work\w*"),
    _place("entry", "entry, exit", r"entry_SYSCALL_64\w*", r"do_syscall_64", r"syscall_\w+",
           r"__(?:x64_)?sys_\w+", r"ksys_\w+", r"exit_to_user_mode\w*", r"ret_from_fork\w*"),
)


def titles() -> list[tuple[str, str]]:
    """Keys and titles of all places, in the order of a table."""
    return [("ownCode", "own code"), *((place.key, place.title) for place in PLACES),
            (OTHER, "other")]


def place_of(chain: list[tuple[str, bool]]) -> str:
    """The place of one sample. `chain`: function and whether it is the kernel's, innermost first.
    """
    if not chain or not chain[0][1]:
        return OUR_CODE
    for function, is_kernel in chain:
        if is_kernel:
            for place in PLACES:
                if place.functions.match(function):
                    return place.key
    return OTHER


def shares(text: str) -> dict[str, float]:
    """The share of samples in each place, in percent, from `perf script -F ip,sym,dso`."""
    counts: Counter[str] = Counter()
    for block in text.split("\n\n"):
        chain = []
        for line in block.splitlines():
            # "	ffffffff81d33df7 read_zero ([kernel.kallsyms])"; symbols may have spaces.
            frame = re.match(r"\s+[0-9a-f]+ (.*) \((.*)\)$", line)
            if frame:
                is_kernel = frame[2].startswith("[") and not frame[2].startswith("[vdso")
                chain.append((frame[1], is_kernel))
        if chain:
            counts[place_of(chain)] += 1
    if not counts:
        raise BenchmarkError("perf took no sample")
    return {key: 100 * counts[key] / counts.total() for key, _ in titles()}


class Profile:
    """Samples a candidate from now on until `finish`."""

    def __init__(self, processes: Processes, pid: int) -> None:
        self._perf = Perf(processes, pid, [
            "record", "-q", "-F", str(SAMPLES_PER_SECOND), "-e", EVENT, "-g"])

    def finish(self) -> dict[str, float]:
        """Ends the samples and returns their shares in percent."""
        output = self._perf.finish()
        try:
            return shares(_script(str(output)))
        finally:
            output.unlink(missing_ok=True)


def _script(path: str) -> str:
    outcome = subprocess.run(
        ["perf", "script", "-i", path, "-F", "ip,sym,dso"], capture_output=True, text=True,
        errors="replace", check=False)
    if outcome.returncode != 0:
        raise BenchmarkError(f"perf script failed: {outcome.stderr.strip()[-200:]}")
    return outcome.stdout


def available(processes: Processes) -> bool:
    """Whether perf may sample the kernel's part of other processes here."""
    output = processes.new_path("perf.data")
    try:
        outcome = subprocess.run(
            ["perf", "record", "-q", "-e", EVENT, "-g", "-o", str(output), "--",
             "dd", "if=/dev/zero", "of=/dev/null", "bs=64k", "count=20000"],
            capture_output=True, check=False)
        return outcome.returncode == 0 and "do_syscall_64" in _script(str(output))
    except (OSError, BenchmarkError):
        return False
