"""Which proofs were seen already."""

import pytest

from gateway.errors import IdentityUnavailable
from gateway.identity.dpop_replay import ReplayCache
from tests.unit.identity.conftest import HandClock


@pytest.mark.requirement("154")
def test_a_proof_is_new_once_for_as_long_as_it_could_be_accepted(clock: HandClock) -> None:
    replays = ReplayCache(clock.clocks, 60.0)

    assert replays.is_new("key", "id")
    clock.advance(69)
    assert not replays.is_new("key", "id")
    assert replays.is_new("other", "id")
    assert replays.is_new("key", "other")


def test_a_full_memory_refuses_rather_than_forgets(clock: HandClock) -> None:
    replays = ReplayCache(clock.clocks, 60.0, max_proofs=2)
    assert replays.is_new("key", "1")
    assert replays.is_new("key", "2")

    with pytest.raises(IdentityUnavailable):
        replays.is_new("key", "3")

    assert not replays.is_new("key", "1")
    clock.advance(71)
    assert replays.is_new("key", "3")
