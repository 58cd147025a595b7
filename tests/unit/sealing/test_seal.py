"""Sealed values open for those they were made for, and for nobody else."""

import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.principal import Principal, owner_of
from gateway.sealing.seal import MAX_SEALED_CHARS, Binding, Opened, Seal

ADA = Principal("https://idp.example", "ada", client_id="cli")
OURS = Binding("endpoint", "files", owner_of(ADA))
NOW = 1_800_000_000.0
DAY_S = 86400.0
URL_SAFE = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def seal() -> Seal:
    return Seal(os.urandom(32))


def open_(seal: Seal, sealed: str, binding: Binding = OURS, now: float = NOW) -> Opened | None:
    return seal.open(sealed, binding, now, DAY_S)


def test_a_value_opens_for_its_principal(seal: Seal) -> None:
    sealed = seal.close(b"/messages?id=1", OURS, NOW)

    assert open_(seal, sealed) == Opened(b"/messages?id=1", NOW)


def test_a_sealed_value_shows_nothing_and_never_repeats(seal: Seal) -> None:
    first, second = (seal.close(b"secret", OURS, NOW) for _ in range(2))

    assert first != second
    assert "secret" not in first


@pytest.mark.requirement("S7", "A4")
@pytest.mark.parametrize(
    "other",
    [
        Principal("https://idp.example", "eve", client_id="cli"),
        Principal("https://other.example", "ada", client_id="cli"),
        Principal("https://idp.example", "ada", client_id="other"),
        Principal("https://idp.example", "ada", client_id=""),
        Principal("https://idp.example", "ada"),
        None,
    ],
)
def test_it_stays_shut_for_everybody_else(seal: Seal, other: Principal | None) -> None:
    sealed = seal.close(b"x", OURS, NOW)

    assert open_(seal, sealed, OURS._replace(owner=owner_of(other))) is None


@pytest.mark.requirement("A4")
@pytest.mark.parametrize("other", [OURS._replace(purpose="session"), OURS._replace(server="mail")])
def test_it_stays_shut_for_another_purpose_or_server(seal: Seal, other: Binding) -> None:
    sealed = seal.close(b"x", OURS, NOW)

    assert open_(seal, sealed, other) is None


@pytest.mark.requirement("A4")
def test_it_stays_shut_when_it_is_too_old(seal: Seal) -> None:
    sealed = seal.close(b"x", OURS, NOW)

    assert open_(seal, sealed, now=NOW + DAY_S - 1) is not None
    assert open_(seal, sealed, now=NOW + DAY_S) is None


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(
    ("made_for", "shown"),
    [
        (Binding("p", "a\0b", ()), Binding("p\0a", "b", ())),
        (
            Binding("p", "a", owner_of(Principal("i\0ada", "x", client_id="c"))),
            Binding("p", "a", owner_of(Principal("i", "ada\0x", client_id="c"))),
        ),
        (
            Binding("p", "a", owner_of(Principal("i", "ada\0c"))),
            Binding("p", "a", owner_of(Principal("i", "ada", client_id="c"))),
        ),
        (
            Binding("p", "a", owner_of(Principal("i", "ada\0"))),
            Binding("p", "a", owner_of(Principal("i", "ada", client_id=""))),
        ),
    ],
)
def test_no_character_shifts_what_it_is_bound_to(
    seal: Seal, made_for: Binding, shown: Binding
) -> None:
    sealed = seal.close(b"x", made_for, NOW)

    assert open_(seal, sealed, made_for) is not None
    assert open_(seal, sealed, shown) is None


def test_a_subject_that_is_no_unicode_text_is_sealed_like_any_other(seal: Seal) -> None:
    binding = OURS._replace(owner=owner_of(Principal("i", "\ud800")))

    assert open_(seal, seal.close(b"x", binding, NOW), binding) is not None


def test_another_key_opens_nothing(seal: Seal) -> None:
    assert open_(Seal(os.urandom(32)), seal.close(b"x", OURS, NOW)) is None


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_value_has_one_spelling(seal: Seal, size: int) -> None:
    """RFC 4648 §3.5."""
    sealed = seal.close(b"x" * size, OURS, NOW)
    standard = sealed.replace("-", "+").replace("_", "/")
    others = {f"{sealed}{end}" for end in ("=", "==", "~", "\n", " ", "====")}
    others |= {f"{sealed[:-1]}{last}" for last in URL_SAFE} | {f"~{sealed}", standard}

    assert [each for each in others - {sealed} if open_(seal, each)] == []
    assert open_(seal, sealed) is not None


@given(st.text(max_size=200))
def test_what_was_never_sealed_is_refused_quietly(text: str) -> None:
    assert open_(Seal(b"k" * 32), text) is None


def test_an_oversized_value_is_not_even_decoded(seal: Seal) -> None:
    assert open_(seal, "A" * (MAX_SEALED_CHARS + 1)) is None
