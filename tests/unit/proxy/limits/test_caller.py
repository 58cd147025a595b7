"""Whom limits and caps count."""

from dataclasses import replace

import pytest

from gateway.identity.principal import Principal
from gateway.proxy.limits.caller import CallerAtAddress, caller_of, counted_as, network_of

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


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8::1", "2001:db8::2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("no:address", "no:address", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::FFFF:c000:201", "192.0.2.1", True),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", False),
        ("64:ff9b::192.0.2.1", "192.0.2.1", True),
    ],
)
@pytest.mark.requirement("A7")
def test_an_ipv6_network_counts_as_one(one: str, other: str, *, alike: bool) -> None:
    assert (network_of(one) == network_of(other)) is alike
