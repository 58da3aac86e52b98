"""What tools print, as they print it, and what must be read from it."""

import unittest

from compare import readings
from compare.errors import BenchmarkError

WRK = """Running 2s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   615.11us   95.20us   4.12ms   93.17%
    Req/Sec    74.66k     1.10k   76.21k    71.43%
  Latency Distribution
     50%  612.00us
     75%  640.00us
     90%  671.00us
     99%    1.18ms
  148586 requests in 2.00s, 31.17MB read
Requests/sec:  74292.17
"""
AB = """Concurrency Level:      64
Time taken for tests:   1.416 seconds
Complete requests:      20000
Failed requests:        0
"""
PERF = """# started on Mon Nov 23 05:00:00 2026

61234,,raw_syscalls:sys_enter,1000000,100.00,,
12,,context-switches,1000000,100.00,0.012,K/sec
<not counted>,,raw_syscalls:sys_enter,0,100.00,,
30000,,raw_syscalls:sys_enter,1000000,100.00,,
"""
STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.001234           1       987        12 recvfrom
 40.00    0.000900           1       800           sendto
------ ----------- ----------- --------- --------- ----------------
100.00    0.002134           1      1787        12 total
"""


class LoadGeneratorTests(unittest.TestCase):
    def test_wrk_tells_requests_and_latencies_in_microseconds(self):
        load = readings.wrk(WRK)
        self.assertEqual(load.done, 148586)
        self.assertEqual(load.rate, 74293)
        self.assertEqual(load.figures, {"p50Us": 612, "p99Us": 1180})
        self.assertEqual(load.failures, [])

    def test_wrk_failures_are_kept(self):
        text = WRK + "  Socket errors: connect 0, read 3, write 0, timeout 0\n" \
                     "  Non-2xx or 3xx responses: 7\n"
        self.assertEqual(len(readings.wrk(text).failures), 2)
        silent = WRK.replace("148586 requests", "0 requests")
        self.assertEqual(readings.wrk(silent).failures, ["no request was answered"])

    def test_ab_counts_what_is_missing(self):
        self.assertEqual(readings.ab(AB, 20000).failures, [])
        self.assertEqual(readings.ab(AB, 20001).failures, ["1 requests missing"])
        failed = AB.replace("Failed requests:        0", "Failed requests:        5")
        self.assertEqual(readings.ab(failed, 20000).failures, ["Failed requests 5"])

    def test_iperf3_counts_what_was_received(self):
        text = '{"end": {"sum_received": {"bytes": 2000000000, "seconds": 0.5}}}'
        self.assertEqual(readings.iperf3(text).rate, 4)

    def test_own_programs_end_with_a_line_of_json(self):
        load = readings.own_program(
            "openloop", 'a warning\n{"answered": 5, "failures": 1, "seconds": 2, "p50Us": 7.5}\n')
        self.assertEqual((load.done, load.seconds, load.figures), (5, 2, {"p50Us": 7.5}))
        self.assertEqual(load.failures, ["1 requests failed"])

    def test_what_is_no_report_raises(self):
        for read in (readings.wrk, lambda text: readings.ab(text, 1), readings.iperf3,
                     lambda text: readings.own_program("burst", text), readings.perf_counts,
                     lambda text: readings.strace_counts(text, {})):
            with self.assertRaises(BenchmarkError):
                read("connection refused")
        with self.assertRaises(BenchmarkError):
            readings.own_program("burst", "")
        with self.assertRaises(BenchmarkError):
            readings.iperf3('{"error": "the server is busy"}')


class CountTests(unittest.TestCase):
    def test_perf_tells_calls_by_kind_and_switches(self):
        counts = readings.perf_counts(PERF, ["wait", "receive"])
        self.assertEqual(counts.total, 61234)
        self.assertEqual(counts.by_kind, {"wait": 0, "receive": 30000})
        self.assertEqual(counts.context_switches, 12)

    def test_strace_tells_calls_with_and_without_errors(self):
        counts = readings.strace_counts(STRACE, {"receive": ["read", "recvfrom"], "ring": ["x"]})
        self.assertEqual(counts.total, 1787)
        self.assertEqual(counts.by_kind, {"receive": 987, "ring": 0})

    def test_strace_of_a_sleeper_is_empty(self):
        self.assertEqual(readings.strace_counts("\n", {}).total, 0)
