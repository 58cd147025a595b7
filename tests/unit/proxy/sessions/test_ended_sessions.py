"""Sessions that are over stay over, however many end after them."""

import pytest

from gateway.proxy.sessions.ended_sessions import EndedSessions

ADA, EVE = ("i", "ada", "c"), ("i", "eve", "c")
LATER = 1e9


def test_what_ended_is_over_and_what_did_not_is_not() -> None:
    ended = EndedSessions()

    ended.add("first", ADA, 1.0)

    assert ended.has("first", ADA, 1.0)
    assert not ended.has("second", ADA, 1.0)
    assert not ended.has("first", EVE, 1.0)


@pytest.mark.requirement("A9")
def test_a_caller_cannot_flush_its_own_ended_sessions() -> None:
    ended = EndedSessions(max_of_a_caller=2)
    ended.add("by the administrator", ADA, 1.0)

    for number in range(10):
        ended.add(str(number), ADA, 2.0 + number)

    assert ended.has("by the administrator", ADA, 1.0)
    assert all(ended.has(str(number), ADA, 2.0 + number) for number in range(10))
    assert not ended.has("new", ADA, LATER)
    assert not ended.has("new", EVE, 1.0)


@pytest.mark.requirement("A9")
def test_a_crowd_cannot_flush_somebody_elses_ended_sessions() -> None:
    ended = EndedSessions(max_ended=3)
    ended.add("by the administrator", ADA, 1.0)

    for number in range(20):
        ended.add("x", ("i", str(number), None), 2.0)

    assert ended.has("by the administrator", ADA, 1.0)
    assert not ended.has("new", ADA, LATER)
