from benchmarks.measurements.comparison import Comparison
from benchmarks.measurements.flood import Flood
from benchmarks.measurements.startup import StartUp
from benchmarks.report.figures import FIGURES, Results, render_figures
from tests.benchmarks.rounds import make_round

MIB = 1024 * 1024


def cells(results: Results, name: str) -> list[str]:
    """The row of one figure, without its name."""
    found = [line for line in render_figures(results).splitlines() if line.startswith(f"| {name}")]
    assert len(found) == 1
    return [cell.strip() for cell in found[0].strip("|").split("|")][1:]


def compared(gateway: list[float], haproxy: list[float]) -> Results:
    rounds = {
        "gateway": [make_round(cpu_us) for cpu_us in gateway],
        "haproxy": [make_round(cpu_us) for cpu_us in haproxy],
    }
    return {"compare": Comparison({"json": rounds}, ())}


def flooded(p99_us: float) -> Results:
    alone, during = make_round(50.0, 100.0), make_round(50.0, p99_us)
    return {"flood": Flood(alone, during, alone, 25, 1, MIB)}


def test_a_figure_that_was_not_measured_is_neither_met_nor_missed() -> None:
    assert cells({}, "start until ready") == ["-", "≤ 0.4 s", "≤ 0.25 s"]


def test_every_figure_has_a_row_when_nothing_was_measured() -> None:
    assert len(render_figures({}).splitlines()) == len(FIGURES) + 2


def test_a_ratio_is_that_of_the_middle_round_with_its_range() -> None:
    results = compared(gateway=[40.0, 90.0, 44.0], haproxy=[50.0, 60.0, 40.0])

    measured = cells(results, "CPU per tools/call")

    assert measured == ["1.10 (0.80 to 1.50)", "≤ 1: missed", "≤ 0.6: missed"]


def test_a_target_that_was_not_weighed_gives_no_ratio() -> None:
    rounds = {"gateway": [make_round(40.0)], "haproxy": [make_round(None)]}

    assert Comparison({"json": rounds}, ()).ratio("json", "haproxy") is None


def test_a_value_on_its_limit_is_met() -> None:
    results: Results = {"startup": StartUp(ready_s=0.4, rss=MIB)}

    assert cells(results, "start until ready") == ["0.40 s", "≤ 0.4 s: met", "≤ 0.25 s: missed"]


def test_a_value_that_must_stay_below_a_limit_misses_it_by_reaching_it() -> None:
    assert cells(flooded(149.0), "flood")[1] == "< 1.5: met"
    assert cells(flooded(150.0), "flood")[1] == "< 1.5: missed"
