"""Credentials that cannot be."""

import pytest

from tests.unit.config.samples import FULL, messages

UPSTREAM = 'upstream: "http://127.0.0.1:9000/mcp"'
CLIENT = "token_url: 'https://idp.example/t', client_id: gw"


def _messages(credential: str) -> list[str]:
    section = f'upstream: {{url: "http://127.0.0.1:9000/mcp", credential: {{{credential}}}}}'
    return messages(FULL.replace(UPSTREAM, section))


@pytest.mark.requirement("156")
@pytest.mark.parametrize(
    ("credential", "says"),
    [
        ("header: {value_file: k}, insecure_forward_token: true", "no fall-back"),
        ("header: {header: Host, value_file: k}", "has a meaning already"),
        ("header: {header: X-Gateway-Assertion, value_file: k}", "has a meaning already"),
        (f"client_credentials: {{{CLIENT}}}", "needs client_secret_file"),
        (f"token_exchange: {{{CLIENT}, client_auth: private_key_jwt}}", "needs client_key_file"),
    ],
)
def test_a_mistake_says_what_to_do(credential: str, says: str) -> None:
    assert [says in each for each in _messages(credential)] == [True]


@pytest.mark.requirement("A20")
@pytest.mark.parametrize(
    ("issuers", "named", "says"),
    [
        ("[corp, other]", "", "say whose tokens"),
        ("[corp, other]", "issuer: third, ", "takes no tokens of third"),
        ("[corp]", "issuer: other, ", "takes no tokens of other"),
        ("[corp, other]", "issuer: other, ", None),
        ("[corp]", "", None),
    ],
)
def test_an_exchange_endpoint_sees_tokens_of_one_issuer(
    issuers: str, named: str, says: str | None
) -> None:
    section = f"token_exchange: {{{named}{CLIENT}, client_secret: s}}"
    config = f"""\
public_url: https://gw.example.com
issuers:
  corp: {{issuer: "https://idp.example"}}
  other: {{issuer: "https://other.example"}}
servers:
  one:
    upstream: {{url: "http://127.0.0.1:9000/mcp", credential: {{{section}}}}}
    auth: {{issuers: {issuers}}}
    allow: any
"""
    assert [says is not None and says in each for each in messages(config)] == [True] * bool(says)


@pytest.mark.parametrize(
    "credential",
    [
        "header: {value_file: k}",
        "header: {header: X-Api-Key, value_file: k}",
        "insecure_forward_token: true",
        f"client_credentials: {{{CLIENT}, client_secret: s}}",
        f"token_exchange: {{{CLIENT}, client_auth: private_key_jwt, client_key_file: k.pem}}",
    ],
)
def test_one_whole_credential_is_fine(credential: str) -> None:
    assert _messages(credential) == []
