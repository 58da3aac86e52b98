"""Plots of a run, as small SVG files that can be read on light and on dark pages.

They have no background; text and axes are of a grey that has contrast to black and to white.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import (  # noqa: E402
    FuncFormatter, NullFormatter, NullLocator)

from compare import profiles  # noqa: E402
from compare.document import Document, named  # noqa: E402
from compare.rounds import Spread  # noqa: E402
from compare.tables import Table  # noqa: E402

GREY = "#7a7f87"
# By the beginning of a candidate's name; the first that fits. Colour, marker, width.
LOOKS: tuple[tuple[str, tuple[str, str, float]], ...] = (
    ("gyre io_uring pipelined", ("#8250df", "D", 1.6)),
    ("gyre io_uring", ("#2f81f7", "o", 2.6)),
    ("gyre epoll", ("#1aa89c", "s", 2.6)),
    ("nginx", ("#4c9a2a", "^", 1.6)),
    ("HAProxy", ("#e0892b", "v", 1.6)),
    ("threads", ("#c9449b", "P", 1.6)),
    ("select", ("#b8524a", "X", 1.6)),
    ("poll", ("#9a8136", "d", 1.6)),
    ("", (GREY, ".", 1.2)),
)
PEERS_AND_GYRE = ("nginx", "HAProxy", "gyre epoll", "gyre io_uring")
# In the order in which they came.
BY_AGE = ("threads", "select", "poll", "gyre epoll", "gyre io_uring")
PLACE_COLOURS = ("#2f81f7", "#e0892b", "#c9449b", "#4c9a2a", "#9a8136", "#b8524a", "#1aa89c",
                 "#8250df", "#5f6b7a", "#d4a72c", "#57a8ff", "#a0a6ae")
PROTOCOLS = ("tcp", "http")


def draw(document: Document, folder: Path) -> list[str]:
    """Writes the plots for which the document has figures; returns their names."""
    plt.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "gyre", "font.size": 11,
        "text.color": GREY, "axes.labelcolor": GREY, "axes.edgecolor": GREY,
        "xtick.color": GREY, "ytick.color": GREY, "axes.spines.top": False,
        "axes.spines.right": False, "legend.frameon": False, "axes.titlesize": 12,
        "font.family": "sans-serif", "grid.color": GREY, "grid.alpha": 0.25})
    names = []
    for name, plot in PLOTS.items():
        figure = plot(document)
        if figure is None:
            continue
        figure.savefig(folder / f"{name}.svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
        names.append(f"{name}.svg")
    return names


def _look(name: str) -> tuple[str, str, float]:
    return next(look for prefix, look in LOOKS if name.startswith(prefix))


def _panels(count: int, height: float = 3.9) -> tuple[Figure, list[Axes]]:
    figure, axes = plt.subplots(
        1, count, figsize=(9.2, height), layout="constrained", squeeze=False)
    return figure, list(axes[0])


def _chosen(table: Table, prefixes: Sequence[str]) -> list[str]:
    """The names that begin with one of these, in this order, without what only varies one."""
    return [series.name for prefix in prefixes for series in table.series
            if series.name == prefix or (
                prefix in ("nginx", "HAProxy") and series.name.startswith(prefix))]


def _lines(
    axes: Axes, points: Sequence[tuple[float, Table, str]], prefixes: Sequence[str]
) -> None:
    """A line for each candidate. `points`: x, and the table and figure that y is read from."""
    names = dict.fromkeys(
        name for prefix in prefixes for _, table, _ in points for name in _chosen(table, [prefix]))
    for name in names:
        found = [(x, spread) for x, table, key in points if (series := named(table, name))
                 if (spread := Spread.of(series.figures(key)))]
        if not found:
            continue
        colour, marker, width = _look(name)
        xs = [x for x, _ in found]
        axes.plot(xs, [spread.median for _, spread in found], color=colour, marker=marker,
                  linewidth=width, markersize=6, label=name)
        axes.fill_between(xs, [spread.minimum for _, spread in found],
                          [spread.maximum for _, spread in found], color=colour, alpha=0.15,
                          linewidth=0)
    axes.grid(visible=True)


def _connections_axis(axes: Axes, ticks: Sequence[float]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(ticks), [f"{tick:,.0f}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("connections, keep-alive")


def _log_axis(axes: Axes, smallest: float, largest: float) -> None:
    """Round numbers, also where there is no power of ten between the ends."""
    axes.set_yscale("log")
    axes.set_ylim(smallest / 1.2, largest * 1.2)
    ticks = [digit * 10 ** power for power in range(-3, 8) for digit in (1, 2, 5)]
    axes.set_yticks([tick for tick in ticks if smallest / 1.2 <= tick <= largest * 1.2])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.10g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _by_connections(
    document: Document, word: str, key: str, prefixes: Sequence[str], label: str,
    *, is_log: bool,
) -> Figure | None:
    if not any(document.find(f"{protocol}-{word}") for protocol in PROTOCOLS):
        return None
    figure, panels = _panels(2)
    for axes, protocol in zip(panels, PROTOCOLS, strict=True):
        points = [(float(str(table.setting["connections"])), table, key)
                  for table in document.find(f"{protocol}-{word}")]
        _lines(axes, points, prefixes)
        _connections_axis(axes, [x for x, _, _ in points])
        if is_log:
            _log_axis(axes, *axes.dataLim.intervaly)
        else:
            axes.set_ylim(bottom=0)
        axes.set_title(f"gyre {protocol} and its peers")
        axes.legend(fontsize=9)
    panels[0].set_ylabel(label)
    return figure


def _calls(document: Document) -> Figure | None:
    return _by_connections(document, "syscalls", "callsPerRequest", (
        *PEERS_AND_GYRE, "gyre io_uring pipelined"), "system calls per request", is_log=True)


def _cpu(document: Document) -> Figure | None:
    return _by_connections(document, "requests", "cpuUsPerRequest", (
        *PEERS_AND_GYRE, "gyre io_uring pipelined"), "CPU µs per request", is_log=False)


def _latency(document: Document) -> Figure | None:
    if not any(document.find(f"{protocol}-latency") for protocol in PROTOCOLS):
        return None
    figure, panels = _panels(2)
    for axes, protocol in zip(panels, PROTOCOLS, strict=True):
        tables = document.find(f"{protocol}-latency")
        points = [(float(str(table.setting["sharePercent"])), table, "p99Us") for table in tables]
        _lines(axes, points, (*PEERS_AND_GYRE, "direct"))
        axes.set_xticks([x for x, _, _ in points], [f"{x:.0f} %" for x, _, _ in points])
        axes.set_xlabel("load, of what the slowest can do")
        _log_axis(axes, *axes.dataLim.intervaly)
        axes.set_title(f"gyre {protocol} and its peers")
        axes.legend(fontsize=9)
    panels[0].set_ylabel("p99 µs, from when it was due")
    return figure


def _ages(document: Document) -> Figure | None:
    active, beside = document.find("tcp-requests"), document.find("tcp-beside")
    if not active or not beside:
        return None
    figure, (left, right) = _panels(2)
    points = [(float(str(table.setting["connections"])), table, "cpuUsPerRequest")
              for table in active]
    _lines(left, points, BY_AGE)
    _connections_axis(left, [x for x, _, _ in points])
    left.set_title("all connections active")
    left.set_ylabel("CPU µs per request (TCP)")
    idle = beside[0].setting["idle"]
    assert isinstance(idle, list), "written as a list"
    _lines(right, [(count, beside[0], f"cpuUsPerRequest{count}") for count in idle], BY_AGE)
    right.set_xscale("symlog", linthresh=max(1, idle[1]) / 3)
    right.set_xticks(idle, [f"{count:,}" for count in idle])
    right.xaxis.set_minor_locator(NullLocator())
    right.set_xlabel("idle connections beside 64 active ones")
    right.set_title("most connections idle")
    left.legend(fontsize=9, loc="upper center")
    ends = [end for axes in (left, right) for end in axes.dataLim.intervaly]
    for axes in (left, right):
        _log_axis(axes, min(ends), max(ends))
    return figure


def _bars(axes: Axes, table: Table, key: str, digits: int, *, is_log: bool) -> None:
    found = [(series.name, spread) for series in table.series
             if (spread := Spread.of(series.figures(key)))]
    found.sort(key=lambda one: -one[1].median)
    for row, (name, spread) in enumerate(found):
        axes.barh(row, spread.median, color=_look(name)[0], height=0.7)
        axes.annotate(f" {spread.median:,.{digits}f}", (spread.median, row), va="center",
                      fontsize=10)
    axes.set_yticks(range(len(found)), [name for name, _ in found])
    axes.tick_params(axis="y", length=0)
    if is_log:
        smallest = min(spread.median for _, spread in found)
        axes.set_xscale("log")
        axes.set_xlim(left=10 ** math.floor(math.log10(smallest) - 0.2))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.18)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)


def _memory(document: Document) -> Figure | None:
    tables = [table for protocol in PROTOCOLS for table in document.find(f"{protocol}-idle")]
    if not tables:
        return None
    figure, panels = _panels(len(tables), 2.9)
    for axes, table in zip(panels, tables, strict=True):
        _bars(axes, table, "bytesPerClient", 0, is_log=True)
        axes.set_xlabel("bytes of anonymous memory per idle client")
        axes.set_title(table.title)
    return figure


def _bulk(document: Document) -> Figure | None:
    tables = document.find("tcp-bulk")
    if not tables:
        return None
    figure, (axes,) = _panels(1, 4.2)
    _bars(axes, tables[0], "cpuSecondsPerGB", 2, is_log=False)
    axes.set_xlabel("CPU seconds per GB")
    axes.set_title(tables[0].title)
    return figure


def _places(document: Document) -> Figure | None:
    tables = [table for protocol in PROTOCOLS for table in document.find(f"{protocol}-profile")]
    rows = [(table, series.name) for table in reversed(tables)
            for series in reversed(table.series)
            if series.figures("cpuUsPerRequest") and series.name in _chosen(table, PEERS_AND_GYRE)]
    if not rows:
        return None
    figure, (axes,) = _panels(1, 0.45 * len(rows) + 1.8)
    ends = [0.0] * len(rows)
    for (key, title), colour in zip(profiles.titles(), PLACE_COLOURS, strict=False):
        widths = []
        for table, name in rows:
            series = named(table, name)
            assert series is not None, "rows are of it"
            share, cost = (Spread.of(series.figures(one))
                           for one in (f"{key}Percent", "cpuUsPerRequest"))
            widths.append(share.median * cost.median / 100 if share and cost else 0.0)
        if max(widths) < 0.1:
            continue
        axes.barh(range(len(rows)), widths, left=ends, color=colour, height=0.7, label=title)
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    axes.set_yticks(range(len(rows)), [
        name if name.split()[-1] in ("stream", *PROTOCOLS) else
        f"{name} {table.scenario.partition('-')[0]}" for table, name in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("CPU µs per request, 64 connections")
    axes.legend(ncols=4, fontsize=9, loc="upper center", bbox_to_anchor=(0.42, -0.16))
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    return figure


PLOTS: dict[str, Callable[[Document], Figure | None]] = {
    "system-calls": _calls, "cpu": _cpu, "threads-to-rings": _ages, "idle-memory": _memory,
    "latency": _latency, "bulk": _bulk, "where-time-goes": _places,
}
