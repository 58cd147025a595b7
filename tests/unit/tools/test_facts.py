"""What the gateway's own tools know of issuers and of the call."""

from dataclasses import replace

from gateway.identity.principal import Principal
from gateway.tools.facts import Call
from tests.unit.tools.test_answers import ISSUER, NOW, facts


def test_the_issuer_of_a_token_is_the_one_that_it_names_exactly() -> None:
    known = facts()

    found = known.issuer_of(Principal(ISSUER, "ada"))

    assert found is known.issuers[0]
    assert known.issuer_of(Principal(f"{ISSUER}/", "ada")) is None
    assert replace(known, issuers=[]).issuer_of(Principal(ISSUER, "ada")) is None


def test_a_call_does_not_show_its_token_in_a_log() -> None:
    assert "s3cr3t" not in repr(Call(None, "s3cr3t", {}, NOW))
