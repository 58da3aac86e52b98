"""The few figures that say most, as one table: what the main README quotes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compare.document import Document, best, named, ratio
from compare.rounds import Spread
from compare.tables import ABSENT, Table

GYRE = ("gyre io_uring", "gyre epoll")
PEERS = ("nginx", "HAProxy")


@dataclass(frozen=True)
class Quote:
    """One row: a figure of one table."""

    title: str
    unit: str
    scenario: str
    key: str
    digits: int
    setting: Mapping[str, object] = field(default_factory=dict)
    options: str = ""

    @property
    def command(self) -> str:
        return f"`Benchmarks/run {self.scenario}{self.options}`"


def _calls(protocol: str, connections: int) -> Quote:
    text = "1 connection" if connections == 1 else f"{connections} connections"
    return Quote(f"{protocol}: system calls per request, {text}", "", f"{protocol}-syscalls",
                 "callsPerRequest", 2, {"connections": connections},
                 f" --connections {connections}")


def _of_both(protocol: str) -> list[Quote]:
    at_64 = {"connections": 64}
    return [
        Quote(f"{protocol}: CPU per request, 64 connections", "µs", f"{protocol}-requests",
              "cpuUsPerRequest", 1, at_64, " --connections 64"),
        *(_calls(protocol, connections) for connections in (1, 64, 256)),
        Quote(f"{protocol}: CPU per new connection with one request", "µs", f"{protocol}-short",
              "cpuUsPerConnection", 1),
        Quote(f"{protocol}: p99 at 50 % load", "µs", f"{protocol}-latency", "p99Us", 0,
              {"sharePercent": 50}),
        Quote(f"{protocol}: memory of an idle client", "B", f"{protocol}-idle",
              "bytesPerClient", 0),
    ]


def _bodies(direction: str) -> Quote:
    return Quote(f"http: CPU per GB in bodies of 1 MiB, {direction}", "s", "http-bodies",
                 "cpuSecondsPerGB", 2, {"bytes": 1024 * 1024, "direction": direction})


QUOTES = (
    *_of_both("tcp"),
    Quote("tcp: CPU per GB in four streams", "s", "tcp-bulk", "cpuSecondsPerGB", 2),
    *_of_both("http"), _bodies("down"), _bodies("up"),
)


def markdown(document: Document) -> str:
    """The table; rows that no run has taken are left out."""
    lines = ["| what | Gyre, io_uring | Gyre, epoll | nginx | HAProxy | command |",
             "|---|---:|---:|---:|---:|---|"]
    for quote in QUOTES:
        tables = document.find(quote.scenario, **quote.setting)
        if tables:
            lines.append(f"| {' | '.join(_cells(quote, tables[0]))} |")
    for protocol in ("tcp", "http"):
        lines += [_flat(protocol, table) for table in document.find(f"{protocol}-beside")]
    return "\n".join(lines)


def _cells(quote: Quote, table: Table) -> list[str]:
    cells = [quote.title]
    for name in GYRE:
        series = named(table, name)
        spread = Spread.of(series.figures(quote.key)) if series else None
        to_peer = ratio(table, name, quote.key)
        text = _figure(spread, quote)
        cells.append(f"{text} (**{to_peer.median:.2f}**)" if to_peer else text)
    cells += [_figure(best(table, peer, quote.key), quote) for peer in PEERS]
    return [*cells, quote.command]


def _figure(spread: Spread | None, quote: Quote) -> str:
    if spread is None:
        return ABSENT
    return f"{spread.median:,.{quote.digits}f} {quote.unit}".rstrip()


def _flat(protocol: str, table: Table) -> str:
    idle = table.setting["idle"]
    assert isinstance(idle, list), "written as a list"
    flat = [best(table, name, "flat") for name in (*GYRE, *PEERS)]
    cells = [f"{spread.median:.2f}×" if spread else ABSENT for spread in flat]
    return (f"| {protocol}: cost of a request beside {idle[-1]:,} idle clients, to none "
            f"| {' | '.join(cells)} | `Benchmarks/run {table.scenario}` |")
