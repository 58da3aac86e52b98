"""`Benchmarks/report`: tables and plots of a result file, and the parts of READMEs made of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from compare import machine, summary
from compare.document import Document
from compare.errors import BenchmarkError

ROOT = Path(__file__).resolve().parent.parent.parent
LATEST = ROOT / "Benchmarks/results/latest.json"
# What READMEs show is kept with them.
FIGURES = ROOT / "Benchmarks/Figures"
# A README's text between two of these is replaced.
BEGIN, END = "<!-- made by Benchmarks/report: {} -->", "<!-- end of {} -->"


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 1 when a file cannot be read."""
    options = _parser().parse_args(arguments)
    try:
        document = Document.read(options.file or [LATEST])
        folder = options.folder or (FIGURES if options.readme else LATEST.with_suffix(""))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tables.md").write_text(_tables(document))
        drawn = _draw(document, folder)
        print(f"{folder}: tables.md, {', '.join(drawn) or 'no plot'}")
        if options.readme:
            replace(ROOT / "Benchmarks/README.md", "machine", _machine(document))
            replace(ROOT / "Benchmarks/README.md", "profiles", _profiles(document))
            for path in (ROOT / "Benchmarks/README.md", ROOT / "README.md"):
                replace(path, "figures", summary.markdown(document))
    except (BenchmarkError, OSError) as error:
        print(f"Benchmarks/report: {error}", file=sys.stderr)
        return 1
    return 0


def _draw(document: Document, folder: Path) -> list[str]:
    try:
        # Only here: whoever checks the rest needs no plotting library.
        from compare import plots  # noqa: PLC0415
    except ImportError as error:
        raise BenchmarkError(f"there is no matplotlib ({error}); install python3-matplotlib "
                             "and use the system's Python") from error
    return plots.draw(document, folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="Benchmarks/report", description="Tables and plots of result files.")
    parser.add_argument(
        "file", nargs="*", type=Path,
        help="of several, the later ones replace scenarios of the earlier ones "
             "(default: results/latest.json)")
    parser.add_argument(
        "--folder", type=Path, help="where they go (default: results/latest, or with --readme "
                                    "Benchmarks/Figures)")
    parser.add_argument(
        "--readme", action="store_true", help="bring the READMEs up to date, too")
    return parser


def _machine(document: Document) -> str:
    lines = [f"- {name}: {fact}" for name, fact in document.machine.items()]
    lines += [f"- **WARNING**: {warning}" for warning in document.warnings]
    return "\n".join([*lines, *(f"- {command}" for command in document.commands)])


def _tables(document: Document) -> str:
    head = machine.markdown(dict(document.machine), document.warnings)
    return "\n".join(["# All tables\n", head, *(table.markdown() for table in document.tables)])


def _profiles(document: Document) -> str:
    return "\n".join(
        table.markdown() for protocol in ("tcp", "http")
        for table in document.find(f"{protocol}-profile")).rstrip()


def replace(path: Path, name: str, text: str) -> None:
    """Puts `text` between the marks of this name."""
    whole = path.read_text()
    head, begin, rest = whole.partition(BEGIN.format(name))
    _, end, tail = rest.partition(END.format(name))
    if not end:
        raise BenchmarkError(f"{path} has no marks of {name}")
    path.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}")
