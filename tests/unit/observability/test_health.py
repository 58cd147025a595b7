from functools import partial

import pytest

from gateway.observability.health import Condition, Need, Readiness


def test_named_condition_is_not_ready_until_it_is_set() -> None:
    readiness = Readiness("listener")

    assert not readiness.ready
    assert readiness.conditions == {"listener": Condition("starting")}

    readiness.set_ready("listener")
    assert readiness.ready


def test_one_condition_that_does_not_hold_is_enough() -> None:
    readiness = Readiness()
    readiness.set_ready("listener")

    readiness.set_not_ready("keys of corp", "no keys yet")

    assert not readiness.ready


def test_watched_condition_is_asked_each_time() -> None:
    reasons = ["keys are too old"]
    readiness = Readiness()
    readiness.watch("keys of corp", lambda: reasons[0])

    assert not readiness.ready

    reasons[0] = ""
    assert readiness.ready


def test_draining_is_not_ready_whatever_else_holds() -> None:
    readiness = Readiness()
    assert readiness.ready

    readiness.drain()

    assert not readiness.ready
    assert readiness.draining


@pytest.mark.requirement("U12")
@pytest.mark.parametrize(
    ("need", "with_one", "with_none"),
    [("any", True, False), ("all", False, False), ("ignore", True, True)],
)
def test_of_a_group_as_many_are_needed_as_the_operator_says(
    need: Need, with_one: bool, with_none: bool
) -> None:
    reasons = {"corp": "no keys", "partner": ""}
    readiness = Readiness(needs={"issuers": need})
    for name in reasons:
        readiness.watch(name, partial(reasons.__getitem__, name), "issuers")

    assert readiness.ready == with_one
    reasons["partner"] = "no keys"

    assert readiness.ready == with_none
    assert set(readiness.obstacles) == (set() if with_none else set(reasons))
    assert not readiness.conditions["corp"].ready
