"""What is said about logins and about calls with the gateway's own tokens."""

from benchmarks.measurements.logins import LoginCosts, StepCost
from benchmarks.report.render import render
from tests.benchmarks.rounds import make_round


def costs() -> LoginCosts:
    own = [make_round(us) for us in (100.0, 330.0, 90.0)]
    other = [make_round(us) for us in (100.0, 300.0, 100.0)]
    steps = {"login": StepCost(5.0, 155.0)}
    return LoginCosts(steps, 150.0, {"own": own, "other": other}, 1.5)


def test_ratio_is_that_of_the_middle_pair() -> None:
    assert costs().ratio == 1.0


def test_what_is_printed_says_at_which_load() -> None:
    text = render(costs())

    assert "155.00" in text
    assert "own / other: 1.00; load average 1.5" in text
