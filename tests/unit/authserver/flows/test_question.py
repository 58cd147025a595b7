from dataclasses import replace
from typing import Any

import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.flows.question import may_be_remembered, question_of

LOOPBACK = "http://127.0.0.1:33418/callback"
WEB = "https://app.example/callback"
SCHEME = "cursor://anysphere/callback"
CLIENT = Client("https://app.example/id", "registered", (LOOPBACK, WEB), "App")
RESOURCE = ("https://mcp.example/files", "Files")


@pytest.mark.requirement("47", "F13")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"name": "Another"},
        {"redirect_uris": (LOOPBACK, "https://evil.example/callback")},
        {"jwks": {"keys": [{"kty": "EC"}]}},
        {"jwks_uri": "https://app.example/keys"},
        {"auth_method": "private_key_jwt"},
        {"verified_host": "app.example"},
    ],
)
def test_client_that_is_another_is_another_question(changes: dict[str, Any]) -> None:
    changed = replace(CLIENT, **changes)

    assert question_of(changed, LOOPBACK, *RESOURCE) != question_of(CLIENT, LOOPBACK, *RESOURCE)


@pytest.mark.requirement("49")
def test_another_place_or_server_is_another_question() -> None:
    asked = {
        question_of(CLIENT, LOOPBACK, *RESOURCE),
        question_of(CLIENT, WEB, *RESOURCE),
        question_of(CLIENT, LOOPBACK, "https://mcp.example/mail", "Files"),
        question_of(CLIENT, LOOPBACK, "https://mcp.example/files", "Mail"),
    }

    assert len(asked) == 4


def test_port_on_loopback_and_order_of_keys_make_no_difference() -> None:
    one = replace(CLIENT, jwks={"kty": "EC", "crv": "P-256"})
    two = replace(CLIENT, jwks={"crv": "P-256", "kty": "EC"})

    other_port = LOOPBACK.replace("33418", "50000")

    assert question_of(one, LOOPBACK, *RESOURCE) == question_of(two, other_port, *RESOURCE)


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    ("redirect_uri", "client", "may_be"),
    [
        (WEB, CLIENT, True),
        (LOOPBACK, CLIENT, True),
        (SCHEME, CLIENT, False),
        (SCHEME, replace(CLIENT, verified_host="app.example"), True),
        (SCHEME, replace(CLIENT, kind="configured"), True),
        (LOOPBACK, replace(CLIENT, kind="configured"), True),
    ],
)
def test_answer_stands_only_where_nobody_can_pass_for_the_client_unseen(
    redirect_uri: str, client: Client, may_be: bool
) -> None:
    """RFC 6749 §10.2, RFC 8252 §8.6."""
    told = [may_be_remembered(client, redirect_uri, login_asks=each) for each in (True, False)]

    assert told == [may_be, False]  # whoever has a session at a provider does nothing there
