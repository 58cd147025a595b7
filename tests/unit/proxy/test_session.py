"""Sealed values open for those they were made for, and for nobody else."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.principal import Principal
from gateway.proxy.session import MAX_SEALED_CHARS, Seal

ADA = Principal("https://idp.example", "ada", client_id="cli")


@pytest.fixture
def seal() -> Seal:
    return Seal(os.urandom(32))


def test_a_value_opens_for_its_principal(seal: Seal) -> None:
    sealed = seal.close(b"/messages?id=1", ADA, "endpoint")

    assert seal.open(sealed, ADA, "endpoint") == b"/messages?id=1"


def test_a_sealed_value_shows_nothing_and_never_repeats(seal: Seal) -> None:
    first, second = (seal.close(b"secret", ADA, "endpoint") for _ in range(2))

    assert first != second
    assert "secret" not in first


@pytest.mark.requirement("S7")
@pytest.mark.parametrize(
    "other",
    [
        Principal("https://idp.example", "eve", client_id="cli"),
        Principal("https://other.example", "ada", client_id="cli"),
        Principal("https://idp.example", "ada", client_id="other"),
        Principal("https://idp.example", "ada"),
        None,
    ],
)
def test_it_stays_shut_for_everybody_else(seal: Seal, other: Principal | None) -> None:
    sealed = seal.close(b"x", ADA, "endpoint")

    assert seal.open(sealed, other, "endpoint") is None


def test_it_stays_shut_for_another_purpose(seal: Seal) -> None:
    sealed = seal.close(b"x", ADA, "endpoint")

    assert seal.open(sealed, ADA, "session") is None


def test_another_key_opens_nothing(seal: Seal) -> None:
    assert Seal(os.urandom(32)).open(seal.close(b"x", ADA, "endpoint"), ADA, "endpoint") is None


@given(st.text(max_size=200))
def test_what_was_never_sealed_is_refused_quietly(text: str) -> None:
    assert Seal(b"k" * 32).open(text, ADA, "endpoint") is None


def test_an_oversized_value_is_not_even_decoded(seal: Seal) -> None:
    assert seal.open("A" * (MAX_SEALED_CHARS + 1), ADA, "endpoint") is None
