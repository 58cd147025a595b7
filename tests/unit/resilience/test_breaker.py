"""A circuit breaker."""

import pytest

from gateway.errors import IdentityUnavailable
from gateway.resilience.breaker import Breaker, BreakerSettings
from tests.support.hand_clock import HandClock

SETTINGS = BreakerSettings(failures=2, open_s=10.0, max_open_s=15.0)


@pytest.fixture
def breaker(clock: HandClock) -> Breaker:
    return Breaker(clock.clocks, SETTINGS)


def _fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed()


def test_it_stays_closed_while_failures_do_not_follow_each_other(breaker: Breaker) -> None:
    _fail(breaker)
    breaker.enter()
    breaker.succeeded()
    _fail(breaker)

    assert not breaker.is_open


def test_failures_in_a_row_open_it_and_calls_are_told_when_to_come_back(breaker: Breaker) -> None:
    _fail(breaker, 2)

    with pytest.raises(IdentityUnavailable) as refusal:
        breaker.enter()

    assert refusal.value.retry_after_s == 10


def test_one_call_tries_it_out_while_the_others_are_refused(
    breaker: Breaker, clock: HandClock
) -> None:
    _fail(breaker, 2)
    clock.advance(10)

    breaker.enter()

    with pytest.raises(IdentityUnavailable):
        breaker.enter()


def test_a_good_try_closes_it(breaker: Breaker, clock: HandClock) -> None:
    _fail(breaker, 2)
    clock.advance(10)
    breaker.enter()

    breaker.succeeded()

    assert not breaker.is_open
    breaker.enter()


def test_a_bad_try_opens_it_for_longer_but_not_for_ever(breaker: Breaker, clock: HandClock) -> None:
    _fail(breaker, 2)
    for _ in range(3):
        clock.advance(15)
        _fail(breaker)

    with pytest.raises(IdentityUnavailable) as refusal:
        breaker.enter()

    assert refusal.value.retry_after_s == 15


def test_a_try_that_was_given_up_lets_the_next_one_try(breaker: Breaker, clock: HandClock) -> None:
    _fail(breaker, 2)
    clock.advance(10)
    breaker.enter()
    breaker.abandoned()

    breaker.enter()


def test_it_says_before_when_one_more_failure_would_open_it(
    breaker: Breaker, clock: HandClock
) -> None:
    assert not breaker.would_open
    _fail(breaker)
    assert breaker.would_open
    _fail(breaker)
    assert not breaker.would_open  # it is open
    clock.advance(10)
    breaker.enter()
    assert breaker.would_open
