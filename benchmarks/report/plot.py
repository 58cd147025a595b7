"""Plots a comparison as SVG: the same figures give the same bytes.

matplotlib comes with the dependency group `bench`.
"""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from benchmarks.clients.load import median_round
from benchmarks.measurements.comparison import Comparison
from benchmarks.measurements.workloads import WORKLOADS
from benchmarks.targets.contenders import NAMES

LATENCY_WORKLOAD = "steady"
# Okabe and Ito's colours, which all eyes can tell apart; the styles help where lines meet.
_COLOURS = dict(
    zip(NAMES, ("#999999", "#cc79a7", "#0072b2", "#e69f00", "#009e73", "#d55e00"), strict=True)
)
_STYLES = dict(zip(NAMES, (":", "--", "-", "-", "-", "-."), strict=True))
_SETTINGS = {
    "svg.hashsalt": "mcp-auth-gateway",  # else element ids are random
    "svg.fonttype": "none",  # text stays text
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_BAR = 0.8


def plot(result: Comparison, folder: Path) -> list[Path]:
    """Write `benchmarks-cpu.svg` and `benchmarks-latency.svg`; returns what was written."""
    written = []
    with mpl.rc_context(_SETTINGS):
        for name, figure in (("cpu", _plot_cpu(result)), ("latency", _plot_latency(result))):
            path = folder / f"benchmarks-{name}.svg"
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
            written.append(path)
    return written


def _plot_cpu(result: Comparison) -> Figure:
    """Bars: CPU per request of each target, a panel for each workload."""
    shown = [each for each in WORKLOADS if each.name in result.rounds and not each.pause_ms]
    figures = {each.name: _cpu_us(result, each.name) for each in shown}
    heights = [len(figures[each.name]) + 1 for each in shown]
    figure = Figure(figsize=(8, 0.32 * sum(heights) + 0.6), layout="constrained")
    panels = figure.subplots(
        len(shown), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for axes, workload in zip(panels[:, 0], shown, strict=True):
        cpu_us = figures[workload.name]
        bars = axes.barh(
            list(cpu_us), list(cpu_us.values()), _BAR, color=[_COLOURS[name] for name in cpu_us]
        )
        axes.bar_label(bars, fmt="%.0f", padding=3)
        axes.invert_yaxis()
        axes.set_title(workload.title, loc="left", fontsize=10)
        axes.tick_params(axis="y", length=0)
    panels[-1, 0].set_xlabel("CPU µs per call")
    return figure


def _cpu_us(result: Comparison, workload: str) -> Mapping[str, float]:
    middles = {name: median_round(seen) for name, seen in result.rounds[workload].items()}
    return {name: each.cpu_us for name, each in middles.items() if each.cpu_us is not None}


def _plot_latency(result: Comparison) -> Figure:
    """Curves: which share of the requests was answered within which time."""
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, rounds in result.rounds[LATENCY_WORKLOAD].items():
        points = median_round(rounds).latency_us
        axes.plot(
            [us / 1000 for _, us in points],
            [share for share, _ in points],
            color=_COLOURS[name],
            linestyle=_STYLES[name],
            label=name,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_ylim(0, 100)
    axes.set_xlabel("ms until the answer, at about 1,000 calls a second")
    axes.set_ylabel("% of the requests")
    axes.grid(alpha=0.3, which="both")
    axes.legend(frameon=False, loc="lower right")
    return figure
