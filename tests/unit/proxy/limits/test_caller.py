"""Whom limits and caps count."""

from dataclasses import replace

import pytest

from gateway.identity.principal import Principal
from gateway.proxy.limits.caller import CallerAtAddress, caller_of, counted_as

ADA = Principal(issuer="https://idp.example", subject="ada", client_id="cli")


def test_a_caller_counts_alike_at_every_address() -> None:
    here, there = CallerAtAddress(ADA, "192.0.2.1"), CallerAtAddress(ADA, "192.0.2.2")

    assert here.counted_as == there.counted_as == ("https://idp.example", "ada")


@pytest.mark.requirement("A7")
def test_a_caller_counts_alike_with_every_client_and_a_session_does_not() -> None:
    other = replace(ADA, client_id="another")

    assert counted_as(ADA, "192.0.2.1") == counted_as(other, "192.0.2.1")
    assert counted_as(ADA, "192.0.2.1") != counted_as(replace(ADA, issuer="x"), "192.0.2.1")
    assert caller_of(ADA) != caller_of(other)


def test_without_a_token_the_address_counts_but_owns_nothing() -> None:
    assert (
        CallerAtAddress(None, "192.0.2.1").counted_as
        != CallerAtAddress(None, "192.0.2.2").counted_as
    )
    assert caller_of(None) is None
