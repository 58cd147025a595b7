from pathlib import Path

import pytest

from benchmarks.measurements.comparison import Comparison
from benchmarks.measurements.workloads import WORKLOADS
from tests.benchmarks.rounds import make_round

pytest.importorskip("matplotlib", reason="only with the dependency group `bench`")

COMPARED = Comparison(
    {
        each.name: {name: [make_round(None if name == "direct" else 40.0)] for name in each.targets}
        for each in WORKLOADS
    },
    (),
)


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    from benchmarks.report.plot import plot

    (tmp_path / "again").mkdir()

    first = [path.read_bytes() for path in plot(COMPARED, tmp_path)]
    again = [path.read_bytes() for path in plot(COMPARED, tmp_path / "again")]

    assert first == again
    assert len(first) == 2


def test_a_plot_names_every_proxy_and_no_date(tmp_path: Path) -> None:
    from benchmarks.report.plot import plot

    for path in plot(COMPARED, tmp_path):
        text = path.read_text(encoding="utf-8")
        assert "<dc:date>" not in text
        for name in ("gateway", "haproxy", "envoy with cache", "clientsession"):
            assert f">{name}</text>" in text
