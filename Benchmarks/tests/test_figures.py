"""Medians, ratios within a round, who is measured when, and the tables that are made of it."""

import unittest

from compare.candidates import Kind
from compare.errors import BenchmarkError
from compare.proc import RunTime
from compare.readings import Counts, Load
from compare.rounds import Sample, Series, Spread, alternate, ratio_to_better_peer
from compare.run import cost_figures
from compare.tables import Metric, Table


def series(name: str, kind: Kind, *figures: float | None) -> Series:
    return Series(name, kind, [Sample({"cost": figure}) for figure in figures])


class RatioTests(unittest.TestCase):
    def test_the_better_peer_is_chosen_in_each_round(self):
        own = series("gyre", Kind.GYRE, 5, 6, 8)
        everyone = [series("one", Kind.PEER, 10, 20, 16), series("two", Kind.PEER, 20, 12, 16),
                    series("threads", Kind.BASELINE, 1, 1, 1), own]
        self.assertEqual(ratio_to_better_peer(own, everyone, "cost"), Spread(0.5, 0.5, 0.5))

    def test_rounds_without_a_figure_make_no_ratio(self):
        own = series("gyre", Kind.GYRE, None, 6)
        peer = series("one", Kind.PEER, 10, None)
        self.assertIsNone(ratio_to_better_peer(own, [own, peer], "cost"))

    def test_spread_has_a_median_of_even_numbers(self):
        self.assertEqual(Spread.of([4, 1, 3, 2]), Spread(2.5, 1, 4))
        self.assertIsNone(Spread.of([]))


class RoundTests(unittest.TestCase):
    def test_each_round_begins_with_another_one(self):
        order = []

        def measure(name: str) -> Sample:
            order.append(name)
            return Sample()

        alternate([(name, Series(name, Kind.PEER)) for name in "abc"], 3, measure)
        self.assertEqual("".join(order), "abcbcacab")

    def test_a_failure_is_recorded_and_the_others_go_on(self):
        def measure(name: str) -> Sample:
            if name == "a":
                raise BenchmarkError("it is gone")
            return Sample({"cost": 1})

        subjects = [(name, Series(name, Kind.PEER)) for name in "ab"]
        alternate(subjects, 2, measure)
        self.assertEqual(subjects[0][1].failures, ["it is gone"] * 2)
        self.assertEqual(subjects[1][1].figures("cost"), [1, 1])


class CostTests(unittest.TestCase):
    def test_time_is_divided_by_what_was_done_and_by_ticks(self):
        cost = RunTime(total_ns=2_000_000_000, user_ticks=50, system_ticks=150)
        self.assertEqual(
            cost_figures(Load(1_000_000, 1), cost, "Request"),
            {"cpuUsPerRequest": 2, "userUsPerRequest": 0.5, "systemUsPerRequest": 1.5})

    def test_few_ticks_tell_no_division(self):
        cost = RunTime(total_ns=100_000_000, user_ticks=1, system_ticks=9)
        self.assertEqual(
            cost_figures(Load(1000, 1), cost, "Request"), {"cpuUsPerRequest": 100})

    def test_nothing_done_costs_nothing_that_can_be_told(self):
        self.assertEqual(cost_figures(Load(0, 1), RunTime(1, 0, 0), "Request"), {})
        self.assertEqual(cost_figures(Load(9, 1), None, "Request"), {})


class KindTests(unittest.TestCase):
    def test_every_call_has_one_kind(self):
        self.assertEqual(Counts(100, {"wait": 10, "send": 20}).kinds_and_rest(),
                         {"wait": 10, "send": 20, "rest": 70})
        self.assertEqual(Counts(100).kinds_and_rest(), {})


class TableTests(unittest.TestCase):
    table = Table(
        "a title", [Metric("cost", "CPU", digits=1, has_spread=True, has_ratio=True)],
        [series("one", Kind.PEER, 2, 4), series("gyre", Kind.GYRE, 1, 2),
         Series("direct", Kind.DIRECT, [Sample(failures=["a|b"])])], "scenario", {"connections": 1})

    def test_markdown_has_medians_spreads_and_ratios(self):
        self.assertEqual(self.table.markdown().splitlines()[2:], [
            "| candidate | CPU | min … max | to the better peer, per round | failures |",
            "| --- | ---: | ---: | ---: | --- |",
            "| one | 3.0 | 2.0 … 4.0 |  | 0 |",
            "| gyre | 1.5 | 1.0 … 2.0 | **0.50** (0.50 … 0.50) | 0 |",
            "| direct | – | – |  | 1× a/b |",
        ])

    def test_plain_values_keep_every_round(self):
        plain = self.table.plain()
        self.assertEqual((plain["scenario"], plain["setting"]), ("scenario", {"connections": 1}))
        gyre = plain["candidates"][1]
        self.assertEqual(gyre["kind"], "gyre")
        self.assertEqual([round["figures"]["cost"] for round in gyre["rounds"]], [1, 2])
        self.assertEqual(gyre["ratiosToBetterPeer"]["cost"]["median"], 0.5)
        self.assertEqual(plain["candidates"][0]["ratiosToBetterPeer"], {})
