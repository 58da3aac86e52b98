"""Compares our verdicts on HTTP/1.x messages with those of h11, another strict parser.

Messages are made from a seed. Where the two differ, the difference has to belong to a class that is
known, with the reasons in Disagreements.md; a new one ends the run with exit code 1.
"""

from __future__ import annotations

import argparse
import collections
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import classes
import messages
import opinions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = ROOT / ".build-fuzz" / "Judge"
BATCH = 1000
NEW_MAX = 5


def main() -> int:
    options = _options()
    judge = options.judge or _build()
    _check_the_checker(judge)
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "little")
    print(f"comparing with h11 for {options.seconds} s, seed {seed}", flush=True)
    random = Random(seed)
    known: collections.Counter[str] = collections.Counter()
    new: list[tuple[messages.Message, opinions.Opinion, opinions.Opinion]] = []
    count = 0
    accepted = 0
    end = time.monotonic() + options.seconds
    while time.monotonic() < end and len(new) < NEW_MAX:
        batch = [messages.message(random) for _ in range(BATCH)]
        for message, ours in zip(batch, opinions.ours(judge, batch), strict=True):
            count += 1
            accepted += ours.head == "complete"
            theirs = opinions.theirs(message)
            if classes.is_wrong(message, ours):
                new.append((message, ours, theirs))
            elif classes.disagree(ours, theirs):
                name = classes.explain(message, ours, theirs)
                if name is None:
                    new.append((message, ours, theirs))
                else:
                    known[name] += 1
    print(f"{count} messages, {accepted} heads accepted, {known.total()} known disagreements")
    if options.classes:
        for name, times in known.most_common():
            print(f"{times:8} {name}")
    reasons = (HERE / "Disagreements.md").read_text()
    unexplained = [name for name in known if f"| {name} |" not in reasons]
    for name in unexplained:
        print(f"not in Disagreements.md: {name}")
    for message, ours, theirs in new[:NEW_MAX]:
        print(f"NEW: {message.kind} {message.text!r}\n  ours:   {ours}\n  theirs: {theirs}")
    return 1 if new or unexplained else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, help="of a run to be done again")
    parser.add_argument("--judge", type=Path, help="a judge that was built before")
    parser.add_argument("--classes", action="store_true", help="count the known disagreements")
    return parser.parse_args()


def _build() -> Path:
    BUILD.mkdir(parents=True, exist_ok=True)
    program = BUILD / "judge"
    sources = [*sorted((ROOT / "Sources" / "Protocols").rglob("*.swift")), HERE / "Judge.swift"]
    flags = ["-O", "-wmo", "-swift-version", "6", "-parse-as-library"]
    flags += ["-sanitize=address", "-use-ld=lld"]
    names = ["-package-name", "gyre", "-module-name", "Judge"]
    subprocess.run(["swiftc", *flags, *names, *sources, "-o", program], check=True)
    return program


def _check_the_checker(judge: Path) -> None:
    """A difference of each kind has to be noticed, or the comparison would prove nothing."""
    good = messages.Message("q", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    ours = opinions.ours(judge, [good])[0]
    theirs = opinions.theirs(good)
    assert not classes.disagree(ours, theirs), (ours, theirs)
    refused = opinions.Opinion("refused", reason="bareLineFeed")
    assert classes.disagree(refused, theirs)
    assert classes.explain(good, refused, theirs) is None
    ours.fields = [(b"host", b"b")]
    assert classes.disagree(ours, theirs) and classes.explain(good, ours, theirs) is None
    ours.fields = [(b"host", b"a/")]
    assert classes.is_wrong(good, ours)


if __name__ == "__main__":
    sys.exit(main())
