"""Instructions read from callgrind, and limits."""

import unittest

from compare import micro

# As callgrind writes it with --compress-strings=no --compress-pos=no.
OUTPUT = """events: Ir
ob=/tmp/x/micro
fl=???
fn=$s9DataPlane6WorkerV4turn
0 100
cob=/usr/lib/libc.so.6
cfn=memcpy
calls=3 0
0 7000
0 20
fn=$s11TestSupport14SimulatedWorldC4turn
0 5000
ob=/usr/lib/libc.so.6
fn=memcpy
0 7000
ob=/tmp/x/micro
fn=$s9Protocols11RequestHeadV5parse
+3 4
totals: 12124
"""


class CountTests(unittest.TestCase):
    def test_libraries_and_what_was_called_are_not_counted(self):
        self.assertEqual(micro.instructions(OUTPUT.splitlines(), "micro", False), 5124)

    def test_the_simulator_is_not_counted(self):
        self.assertEqual(micro.instructions(OUTPUT.splitlines(), "micro", True), 124)

    def test_a_limit_may_be_reached_but_not_passed(self):
        limits = {"a": 1000, "b": 1000, "c": 1000}
        self.assertEqual(micro.over_limit({"a": 1030, "b": 1031, "c": 5, "d": 9}, limits), ["b"])

    def test_a_case_without_a_limit_is_shown(self):
        self.assertEqual(
            micro.markdown({"a": 990, "b": 5}, {"a": 1000}).splitlines()[2:],
            ["| a | 990.0 | 1,000.0 | -1.00 % |", "| b | 5.0 | – | – |"])
