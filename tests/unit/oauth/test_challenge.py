"""The WWW-Authenticate header of a refusal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.oauth.challenge import bearer_challenge

URL = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
_PARAMETER = re.compile(r'([a-z_]+)="([^"\\]*)"(?:, |$)')


def parameters(challenge: str) -> list[tuple[str, str]]:
    scheme, _, rest = challenge.partition(" ")
    assert scheme == "Bearer"
    found = _PARAMETER.findall(rest)
    assert "".join(f'{name}="{value}", ' for name, value in found) == rest + ", "
    return [(name, value) for name, value in found]


@pytest.mark.requirement("73", "3")
def test_challenge_without_token_carries_no_error_code() -> None:
    """RFC 6750 §3.1."""
    sent = dict(parameters(bearer_challenge(URL, realm="files", description="ignored")))

    assert sent == {"realm": "files", "resource_metadata": URL}


@pytest.mark.requirement("5", "15")
def test_scopes_are_one_list_in_a_stable_order() -> None:
    sent = dict(parameters(bearer_challenge(URL, scopes=frozenset({"b", "a"}))))

    assert sent["scope"] == "a b"


@pytest.mark.requirement("74")
def test_a_refused_token_is_told_why() -> None:
    sent = dict(parameters(bearer_challenge(URL, code="invalid_token", description="It expired")))

    assert (sent["error"], sent["error_description"]) == ("invalid_token", "It expired")


@pytest.mark.requirement("75")
@given(st.text(), st.text())
def test_nothing_can_break_out_of_its_parameter(realm: str, description: str) -> None:
    """RFC 6750 §3: each parameter once, no quote, backslash or line break in a value."""
    challenge = bearer_challenge(URL, realm=realm, code="invalid_token", description=description)

    names = [name for name, _ in parameters(challenge)]
    assert names == ["realm", "error", "error_description", "resource_metadata"]
    assert challenge.isascii()
    assert challenge.isprintable()
