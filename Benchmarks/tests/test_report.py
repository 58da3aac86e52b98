"""Result files read again, the summary that is made of them, and marks in READMEs."""

import json
import tempfile
import unittest
from pathlib import Path

from compare import report, summary
from compare.candidates import Kind
from compare.document import Document
from compare.errors import BenchmarkError
from compare.rounds import Sample, Series
from compare.tables import Metric, Table


def table(scenario: str, cost: float, **setting: object) -> Table:
    rounds = [Sample({"callsPerRequest": cost}), Sample({"callsPerRequest": cost}, ["broken"])]
    return Table(
        scenario, [Metric("callsPerRequest", "calls", has_spread=True, has_ratio=True)],
        [Series("nginx stream", Kind.PEER, [Sample({"callsPerRequest": 4.0})] * 2),
         Series("gyre io_uring", Kind.GYRE, rounds, ["crashed"])], scenario, setting)


class ReportTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, *tables: Table) -> Path:
        path = self.folder / name
        path.write_text(json.dumps({
            "machine": {"CPU": name}, "warnings": [], "command": ["Benchmarks/run"],
            "options": {"rounds": 2, "seconds": 1}, "tookSeconds": {"a": 60},
            "tables": [one.plain() for one in tables]}))
        return path

    def test_tables_come_back_as_they_were(self):
        made = table("tcp-syscalls", 2, connections=1)
        read = Document.read([self.write("a", made)]).tables[0]
        self.assertEqual(read.markdown(), made.markdown())
        self.assertIn("1× broken; 1× crashed", read.markdown())

    def test_later_files_replace_scenarios(self):
        document = Document.read([
            self.write("a", table("one", 1), table("two", 1)), self.write("b", table("two", 2))])
        self.assertEqual(document.machine["CPU"], "a")
        self.assertEqual([one.series[1].figures("callsPerRequest")[0] for one in document.tables],
                         [1, 2])
        self.assertEqual(len(document.commands), 2)

    def test_the_summary_has_what_was_taken(self):
        document = Document.read([self.write("a", table("tcp-syscalls", 2, connections=64))])
        self.assertEqual(summary.markdown(document).splitlines()[2:], [
            "| tcp: system calls per request, 64 connections | 2.00 (**0.50**) | – | 4.00 | – "
            "| `Benchmarks/run tcp-syscalls --connections 64` |"])

    def test_only_what_is_between_marks_is_replaced(self):
        path = self.folder / "README.md"
        begin, end = report.BEGIN.format("x"), report.END.format("x")
        path.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
        report.replace(path, "x", "new")
        report.replace(path, "x", "newer")
        self.assertEqual(path.read_text(), f"before\n{begin}\n\nnewer\n\n{end}\nafter\n")
        with self.assertRaises(BenchmarkError):
            report.replace(path, "y", "new")

    def test_what_is_no_result_raises(self):
        path = self.folder / "c"
        path.write_text("{}")
        for wrong in (path, self.folder / "absent"):
            with self.assertRaises(BenchmarkError):
                Document.read([wrong])
