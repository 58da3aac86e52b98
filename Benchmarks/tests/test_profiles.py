"""To which place a sample of perf belongs."""

import unittest

from compare import profiles
from compare.errors import BenchmarkError

KERNEL = "[kernel.kallsyms]"


def sample(*frames: tuple[str, str]) -> str:
    return "\n".join(f"\tffffffff81d33df7 {function} ({module})" for function, module in frames)


def kernel(*functions: str) -> str:
    return sample(*((function, KERNEL) for function in functions), ("main", "/usr/bin/gyre"))


class PlaceTests(unittest.TestCase):
    def place(self, *functions: str) -> str:
        return profiles.place_of([(function, True) for function in functions])

    def test_the_innermost_known_function_decides(self):
        entry = ("tcp_sendmsg", "__sys_sendto", "do_syscall_64", "entry_SYSCALL_64_after_hwframe")
        self.assertEqual(self.place("skb_clone", *entry), "sending")
        self.assertEqual(self.place("_copy_from_iter", *entry), "copies")
        self.assertEqual(self.place("tcp_ack", "tcp_rcv_established", "tcp_v4_rcv",
                                    "net_rx_action", *entry), "peerSide")
        self.assertEqual(
            self.place("_raw_spin_unlock_irqrestore", "try_to_wake_up", "sock_def_readable",
                       "tcp_rcv_established", "net_rx_action", *entry), "waking")
        self.assertEqual(self.place("ep_poll_callback", "tcp_v4_rcv"), "waking")
        self.assertEqual(self.place("ep_send_events", "do_epoll_wait"), "waiting")
        self.assertEqual(self.place("fdget", *entry[1:]), "entry")
        self.assertEqual(self.place("io_send", "io_submit_sqes", "__do_sys_io_uring_enter"), "ring")

    def test_what_the_compiler_appends_does_not_matter(self):
        self.assertEqual(self.place("finish_task_switch.isra.0", "do_syscall_64"), "waiting")

    def test_a_longer_name_is_another_function(self):
        self.assertEqual(self.place("tcp_closely_related", "tcp_recvmsg"), "receiving")

    def test_user_space_is_our_own_code_and_unknown_is_told(self):
        self.assertEqual(profiles.place_of([("main", False), ("do_syscall_64", True)]), "ownCode")
        self.assertEqual(self.place("never_heard_of"), "other")

    def test_shares_are_of_all_samples(self):
        text = "\n\n".join([
            kernel("tcp_sendmsg"), kernel("tcp_recvmsg_locked", "tcp_recvmsg"),
            sample(("$s4gyre turn(of: Int)", "/usr/bin/gyre")), sample(("clock", "[vdso]")), "\n"])
        shares = profiles.shares(text)
        self.assertEqual(
            (shares["sending"], shares["receiving"], shares["ownCode"]), (25, 25, 50))
        self.assertEqual(sum(shares.values()), 100)

    def test_no_sample_is_no_profile(self):
        with self.assertRaises(BenchmarkError):
            profiles.shares("\n\n")
