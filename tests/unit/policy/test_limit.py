"""Allowances that refill evenly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.limit import Concurrency, RateLimit


def test_so_many_at_once_and_then_one_after_the_other() -> None:
    limit = RateLimit(3, 60.0)

    waits = [limit.take("ada", 0.0) for _ in range(4)]

    assert waits == [0, 0, 0, pytest.approx(20.0)]
    assert limit.take("ada", 19.9) > 0
    assert limit.take("ada", 20.0) == 0
    assert limit.take("ada", 20.0) == pytest.approx(20.0)


def test_each_key_has_an_allowance_of_its_own() -> None:
    limit = RateLimit(1, 60.0)

    assert [limit.take("ada", 0.0), limit.take("bob", 0.0)] == [0, 0]
    assert limit.take("ada", 0.0) > 0


def test_several_are_used_together_or_not_at_all() -> None:
    limit = RateLimit(3, 60.0)

    assert limit.take("ada", 0.0, 4) == pytest.approx(20.0)
    assert [limit.take("ada", 0.0, 2), limit.take("ada", 0.0)] == [0, 0]
    assert limit.take("ada", 0.0, 2) == pytest.approx(40.0)


def test_what_is_given_back_can_be_used_again_once() -> None:
    limit = RateLimit(2, 60.0)
    limit.give_back("ada")  # nothing was used
    for _ in range(2):
        limit.take("ada", 0.0)

    limit.give_back("ada")

    assert [limit.take("ada", 0.0), limit.take("ada", 0.0)] == [0, pytest.approx(30.0)]


def test_what_is_given_back_late_makes_no_larger_allowance() -> None:
    limit = RateLimit(2, 60.0)
    limit.take("ada", 0.0)

    limit.give_back("ada")
    limit.give_back("ada")

    assert limit.left("ada", 100.0) == 2


def test_looking_uses_nothing() -> None:
    limit = RateLimit(1, 60.0)

    assert [limit.wait_s("ada", 0.0) for _ in range(3)] == [0, 0, 0]
    limit.take("ada", 0.0)
    assert limit.wait_s("ada", 0.0) == pytest.approx(60.0)


@given(st.lists(st.floats(0, 5), max_size=200))
def test_no_pattern_gets_more_than_the_rate(pauses: list[float]) -> None:
    limit, now, taken = RateLimit(5, 10.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += limit.take("ada", now) == 0

    assert taken <= 5 + now / 2 + 1e-6


def test_concurrency_counts_what_is_under_way() -> None:
    calls = Concurrency(2)

    assert [calls.enter("ada") for _ in range(3)] == [True, True, False]
    assert calls.enter("bob")
    calls.leave("ada")
    assert calls.enter("ada")
