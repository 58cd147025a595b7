from typing import Any

import pytest

from gateway.client.discovery.published import AuthorizationServer
from gateway.client.failure import ClientFailure
from gateway.client.login.registration import (
    GivenClient,
    build_registration,
    find_registration,
    parse_registration,
)
from gateway.client.tokens.logins import Registration
from gateway.client.web import Web
from gateway.oauth.registration import DEVICE_GRANT
from gateway.oauth.server_metadata import ServerMetadata
from tests.support.issuer_service import IssuerService, Scene

REDIRECT = "http://127.0.0.1:1234/callback"
DOCUMENT = "https://client.example/client.json"
METHODS = "token_endpoint_auth_methods_supported"


def server(issuer: str = "http://127.0.0.1:1", **members: object) -> AuthorizationServer:
    return AuthorizationServer(ServerMetadata(issuer, None, members), "http://127.0.0.1:1/mcp")


async def register(service: IssuerService, given: GivenClient, **members: Any) -> Registration:
    members = {"registration_endpoint": f"{service.url}/register"} | members
    issuer = server(service.url, **members)
    async with Web() as web:
        return await find_registration(web, issuer, given, REDIRECT, ("a", "b"))


async def test_client_registers_itself() -> None:
    """RFC 7591 §2, §3.2.1."""
    answer = Scene({"client_id": "new", "client_secret": None}, 201)
    async with IssuerService({"/register": answer}) as service:
        registration = await register(service, GivenClient())

    assert registration == Registration("new")
    assert service.asked[0].json == {
        "client_name": "mcpgw",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "a b",
    }


async def test_known_client_registers_nothing() -> None:
    async with IssuerService() as service:
        public = await register(service, GivenClient("known"))
        secret = await register(service, GivenClient("known", "s"), **{METHODS: ["none"]})
        post = await register(
            service, GivenClient("known", "s"), **{METHODS: ["client_secret_post"]}
        )

    assert public == Registration("known")
    assert secret == Registration("known", "s", "client_secret_basic")
    assert post == Registration("known", "s", "client_secret_post")
    assert service.asked == []


async def test_metadata_document_is_used_where_the_issuer_takes_one() -> None:
    given = GivenClient(metadata_url=DOCUMENT)
    answer = Scene({"client_id": "new"}, 200)
    async with IssuerService({"/register": answer}) as service:
        taken = await register(service, given, client_id_metadata_document_supported=True)
        not_taken = await register(service, given)

    assert (taken.client_id, not_taken.client_id) == (DOCUMENT, "new")


async def test_issuer_that_registers_nobody_says_what_to_ask_for() -> None:
    async with IssuerService() as service:
        with pytest.raises(ClientFailure, match="name it with --client-id"):
            await register(service, GivenClient(), registration_endpoint=None)


async def test_registration_that_is_refused_says_why() -> None:
    answer = Scene({"error": "invalid_redirect_uri"}, 400)
    async with IssuerService({"/register": answer}) as service:
        with pytest.raises(ClientFailure, match="invalid_redirect_uri"):
            await register(service, GivenClient())


def test_only_what_the_issuer_lists_is_asked_for() -> None:
    members: dict[str, Any] = {
        "grant_types_supported": ["authorization_code", DEVICE_GRANT],
        "device_authorization_endpoint": "http://127.0.0.1:1/device",
        METHODS: ["private_key_jwt", "client_secret_post", "client_secret_basic"],
    }
    issuer = server(**members)

    body = build_registration(issuer, REDIRECT, ())

    assert body["grant_types"] == ["authorization_code", DEVICE_GRANT]
    assert body["token_endpoint_auth_method"] == "client_secret_post"  # noqa: S105  # a word
    assert "scope" not in body


@pytest.mark.parametrize(
    ("said", "method"),
    [({}, "client_secret_basic"), ({"token_endpoint_auth_method": "none"}, "none")],
)
def test_secret_is_shown_as_the_answer_says(said: dict[str, object], method: str) -> None:
    registration = parse_registration({"client_id": "new", "client_secret": "s", **said})

    assert registration.method == method


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"client_id": ""},
        {
            "client_id": "new",
            "client_secret": "s",
            "token_endpoint_auth_method": "private_key_jwt",
        },
    ],
)
def test_registration_that_cannot_be_used_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(ClientFailure, match="the registration"):
        parse_registration(answer)
