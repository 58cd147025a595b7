import secrets
from dataclasses import dataclass

import pytest

from gateway.authserver.sealed_values import Life, SealedValues
from gateway.errors import InvalidRequest
from gateway.sealing.seal import Seal

KEY = bytes(32)


@dataclass(frozen=True)
class Said:
    """A value."""

    words: tuple[str, ...]
    more: frozenset[str] = frozenset()


VALUES = SealedValues(Seal(KEY), "https://a.example")
SAID = Said(("one", "two"), frozenset({"x"}))


def test_value_opens_as_it_was_for_its_use_and_owner() -> None:
    sealed = VALUES.close(SAID, "use", ("owner",), 100.0)

    assert VALUES.open(sealed, Said, ("use", ("owner",)), Life(101.0, 10.0)) == SAID


@pytest.mark.requirement("132", "143")
def test_value_opens_for_nothing_else() -> None:
    sealed = VALUES.close(SAID, "use", ("owner",), 100.0)
    elsewhere = SealedValues(Seal(KEY), "https://b.example")
    life = Life(101.0, 10.0)

    assert VALUES.open(sealed, Said, ("other", ("owner",)), life) is None
    assert VALUES.open(sealed, Said, ("use", ("other",)), life) is None
    assert VALUES.open(sealed, Said, ("use", ("owner",)), Life(110.0, 10.0)) is None
    assert elsewhere.open(sealed, Said, ("use", ("owner",)), life) is None
    assert VALUES.open("x" + sealed, Said, ("use", ("owner",)), life) is None


def test_what_nobody_would_open_again_is_not_sealed() -> None:
    with pytest.raises(InvalidRequest):
        VALUES.close(Said((secrets.token_hex(20_000),)), "use", (), 0.0)


def test_value_of_another_version_is_none_of_ours() -> None:
    """An upgrade must not answer 500 to who comes with a value of yesterday."""
    sealed = VALUES.close({"words": "no list"}, "use", ("owner",), 100.0)

    assert VALUES.open(sealed, Said, ("use", ("owner",)), Life(101.0, 10.0)) is None
