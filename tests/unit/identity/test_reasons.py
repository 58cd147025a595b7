import re

import pytest

from gateway.errors import InvalidToken
from gateway.identity.reasons import DESCRIPTIONS, PASSING_REASONS, TOKEN_REASONS, refused


def test_every_reason_has_a_description() -> None:
    assert set(DESCRIPTIONS) == set(TOKEN_REASONS)


@pytest.mark.requirement("75")
def test_descriptions_fit_into_a_challenge() -> None:
    """RFC 6750 §3: error_description excludes the quote and the backslash."""
    assert all(
        re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", text) for text in DESCRIPTIONS.values()
    )


@pytest.mark.requirement("J24")
def test_unknown_key_and_wrong_signature_read_the_same() -> None:
    assert DESCRIPTIONS["unknown_key"] == DESCRIPTIONS["bad_signature"]


def test_refusal_is_a_fresh_error_each_time() -> None:
    assert isinstance(refused("expired"), InvalidToken)
    assert refused("expired") is not refused("expired")
    assert refused("expired").reason == "expired"


def test_only_what_may_change_by_itself_passes() -> None:
    assert set(TOKEN_REASONS) >= PASSING_REASONS
    assert not PASSING_REASONS & {"revoked", "unmapped", "claim_not_accepted", "expired"}


@pytest.mark.requirement("J24")
@pytest.mark.parametrize("reason", ["unmapped", "claim_not_accepted", "revoked"])
def test_descriptions_tell_no_rule_and_no_claim(reason: str) -> None:
    text = next(text for word, text in DESCRIPTIONS.items() if word == reason)

    assert not re.search(r"[:`{}/@]", text)
