"""Nonces that nobody stores."""

import pytest

from gateway.identity.dpop.nonce import Nonces

NOW = 1_763_900_040.0


def test_a_nonce_is_fresh_for_a_minute_or_two() -> None:
    nonces = Nonces(b"k" * 32)
    nonce = nonces.current(NOW)

    assert nonces.is_fresh(nonce, NOW)
    assert nonces.is_fresh(nonce, NOW + 60)
    assert not nonces.is_fresh(nonce, NOW + 120)
    assert not nonces.is_fresh(nonce, NOW - 60)


def test_replicas_with_the_same_key_accept_each_others() -> None:
    assert Nonces(b"k" * 32).is_fresh(Nonces(b"k" * 32).current(NOW), NOW)
    assert not Nonces(b"x" * 32).is_fresh(Nonces(b"k" * 32).current(NOW), NOW)


@pytest.mark.parametrize("nonce", ["", "x", "\ud800"])
def test_anything_else_is_stale(nonce: str) -> None:
    assert not Nonces(b"k" * 32).is_fresh(nonce, NOW)
