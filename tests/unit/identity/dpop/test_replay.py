"""Which proofs were seen already."""

import pytest

from gateway.errors import IdentityUnavailable, RateLimited
from gateway.identity.dpop.replay import SWEEP_S, ReplayCache
from tests.support.hand_clock import HandClock

ADA, EVE = ("https://idp.example", "ada"), ("https://idp.example", "eve")


@pytest.mark.requirement("154")
def test_a_proof_is_new_once_for_as_long_as_it_could_be_accepted(clock: HandClock) -> None:
    replays = ReplayCache(clock.clocks, 60.0)

    assert replays.is_new(ADA, "key", "id")
    clock.advance(69)
    assert not replays.is_new(ADA, "key", "id")
    assert replays.is_new(ADA, "other", "id")
    assert replays.is_new(ADA, "key", "other")
    clock.advance(1)
    assert replays.is_new(ADA, "key", "id")


def test_a_full_memory_refuses_rather_than_forgets(clock: HandClock) -> None:
    replays = ReplayCache(clock.clocks, 60.0, max_proofs=2)
    assert replays.is_new(ADA, "key", "1")
    assert replays.is_new(EVE, "key", "2")

    for caller in (ADA, EVE):
        with pytest.raises(IdentityUnavailable):
            replays.is_new(caller, "key", "3")

    assert not replays.is_new(ADA, "key", "1")
    clock.advance(71)
    assert replays.is_new(ADA, "key", "3")
    assert replays.is_new(("https://idp.example", "bob"), "key", "4")


@pytest.mark.requirement("A20")
def test_one_caller_cannot_fill_the_memory_for_all(clock: HandClock) -> None:
    replays = ReplayCache(clock.clocks, 60.0, max_proofs=100, max_of_a_caller=3)
    assert all(replays.is_new(EVE, f"key-{number}", "id") for number in range(3))

    with pytest.raises(RateLimited):
        replays.is_new(EVE, "another key", "id")

    assert not replays.is_new(EVE, "key-0", "id")
    assert all(replays.is_new(ADA, "key", str(number)) for number in range(3))
    clock.advance(70)
    assert replays.is_new(EVE, "another key", "id")


def test_a_full_memory_is_swept_seldom_and_has_room_again(clock: HandClock) -> None:
    replays = ReplayCache(clock.clocks, 60.0, max_proofs=2)
    replays.is_new(ADA, "key", "1")
    clock.advance(69.5)
    replays.is_new(EVE, "key", "2")
    with pytest.raises(IdentityUnavailable):
        replays.is_new(EVE, "key", "3")

    clock.advance(0.5)
    with pytest.raises(IdentityUnavailable):
        replays.is_new(EVE, "key", "3")
    clock.advance(SWEEP_S)

    assert replays.is_new(EVE, "key", "3")
