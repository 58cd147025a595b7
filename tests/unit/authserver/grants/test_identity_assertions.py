"""ID-JAG: draft-ietf-oauth-identity-assertion-authz-grant."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from gateway.authserver.grants.identity_assertions import JWT_BEARER_GRANT
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from tests.support.authorization_server import NOW, Setting, Site, running_authorization_server
from tests.support.grants import claims_of
from tests.support.login_pages import REDIRECT_URI, OAuthClient
from tests.support.login_provider import HandProvider, running_hand_provider
from tests.support.token_signer import RSA_KID, compact

SECRET = SecretStr("s")
DESK = ConfiguredClient(client_secret=SECRET, grants=(JWT_BEARER_GRANT,))
OPEN = ConfiguredClient(
    redirect_uris=(REDIRECT_URI,), grants=("authorization_code", JWT_BEARER_GRANT)
)
NO_GRANT = ConfiguredClient(client_secret=SECRET, redirect_uris=(REDIRECT_URI,))
CLIENTS = {"desk": DESK, "open": OPEN, "no-grant": NO_GRANT}


@pytest.fixture
async def provider() -> AsyncIterator[HandProvider]:
    async with running_hand_provider() as running:
        yield running


@pytest.fixture
async def site(provider: HandProvider) -> AsyncIterator[Site]:
    settings = Settings(provider=provider.settings(identity_assertions=True), clients=CLIENTS)
    setting = Setting(settings, servers=("mcp", "files"))
    async with running_authorization_server(setting) as running:
        yield running


def assertion(
    site: Site, provider: HandProvider, typ: str = "oauth-id-jag+jwt", **changes: object
) -> str:
    """A good one, but for the changes; None leaves a claim out."""
    claims: dict[str, object] = {
        "iss": provider.issuer,
        "sub": "person-1",
        "aud": site.issuer,
        "client_id": "desk",
        "jti": "one",
        "exp": NOW + 300,
        "iat": NOW,
        "resource": f"{site.issuer}/mcp",
        "scope": "mcp:read",
        "email": "ada@example.com",
        "email_verified": True,
        "groups": ["engineering"],
    }
    said = {name: value for name, value in (claims | changes).items() if value is not None}
    header = json.dumps({"alg": "RS256", "kid": RSA_KID, "typ": typ}).encode()
    return compact(header, json.dumps(said).encode())


async def redeem(
    site: Site, text: str, client: str = "desk", **form: str
) -> tuple[int, dict[str, object]]:
    secret = None if client == "open" else "s"
    asked = OAuthClient(site.issuer, client, secret)
    status, answer, _ = await asked.post(
        "/token", None, grant_type=JWT_BEARER_GRANT, assertion=text, **form
    )
    return status, answer


async def test_assertion_becomes_a_token_of_the_person_and_no_refresh_token(
    site: Site, provider: HandProvider
) -> None:
    status, answer = await redeem(site, assertion(site, provider))

    assert status == 200, answer
    claims = claims_of(answer["access_token"])
    assert (claims["sub"], claims["email"], claims["client_id"]) == (
        "person-1",
        "ada@example.com",
        "desk",
    )
    assert (claims["aud"], claims["groups"]) == (f"{site.issuer}/mcp", ["engineering"])
    assert answer["scope"] == "mcp:read"
    assert "refresh_token" not in answer


async def test_it_is_redeemed_once(site: Site, provider: HandProvider) -> None:
    text = assertion(site, provider)

    first, _ = await redeem(site, text)
    status, answer = await redeem(site, text)

    assert (first, status, answer["error"]) == (200, 400, "invalid_grant")
    assert ("token", "assertion_used") in site.steps


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"iss": "https://other.example"},
        {"exp": NOW - 3600},
        {"exp": NOW + 7200},
        {"iat": None},
        {"jti": None},
        {"sub": None},
        {"sub": "client:desk"},
        {"client_id": None},
        {"client_id": "open"},
        {"jti": 1},
        {"scope": ["mcp:read"]},
        {"scope": "unknown"},
        {"scope": ""},
        {"resource": 1},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
    ],
)
async def test_what_is_wrong_with_it_is_an_invalid_grant_and_uses_nothing_up(
    site: Site, provider: HandProvider, changes: dict[str, object]
) -> None:
    bad = assertion(site, provider, **changes)  # type: ignore[arg-type]  # `typ` is text

    status, answer = await redeem(site, bad)
    good, _ = await redeem(site, assertion(site, provider))

    assert (status, answer["error"]) == (400, "invalid_grant")
    assert good == 200


async def test_signature_of_somebody_else_is_refused(site: Site, provider: HandProvider) -> None:
    text = assertion(site, provider)

    status, answer = await redeem(site, text[:-8] + "AAAAAAAA")

    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("client", ["open", "no-grant"])
async def test_only_confidential_clients_with_the_grant_may(
    site: Site, provider: HandProvider, client: str
) -> None:
    status, answer = await redeem(site, assertion(site, provider, client_id=client), client)

    assert (status, answer["error"]) == (400, "unauthorized_client")


async def test_scopes_are_never_more_than_it_allows(site: Site, provider: HandProvider) -> None:
    both = assertion(site, provider, scope="mcp:read mcp:write")
    less = assertion(site, provider, jti="two", scope="mcp:write")

    _, narrowed = await redeem(site, both, scope="mcp:read other")
    _, limited = await redeem(site, less)
    _, other = await redeem(site, assertion(site, provider, jti="three"), scope="mcp:write")

    told = (narrowed["scope"], limited["scope"], other["scope"])
    assert told == ("mcp:read", "mcp:write", "mcp:read")


async def test_it_is_for_its_resource_alone(site: Site, provider: HandProvider) -> None:
    other, answer = await redeem(site, assertion(site, provider), resource=f"{site.issuer}/files")
    foreign, _ = await redeem(site, assertion(site, provider, resource="https://x.example/mcp"))
    named, token = await redeem(
        site, assertion(site, provider, resource=None), resource=f"{site.issuer}/files"
    )

    assert (other, answer["error"], foreign, named) == (400, "invalid_target", 400, 200)
    assert claims_of(token["access_token"])["aud"] == f"{site.issuer}/files"


async def test_where_it_is_off_there_is_no_such_grant(provider: HandProvider) -> None:
    settings = Settings(provider=provider.settings(), clients=CLIENTS)
    async with running_authorization_server(Setting(settings)) as site:
        status, answer = await redeem(site, assertion(site, provider))

    assert (status, answer["error"]) == (400, "unsupported_grant_type")


async def test_metadata_names_the_grant(site: Site) -> None:
    url = f"{site.issuer}/.well-known/oauth-authorization-server"
    async with ClientSession() as session, session.get(url) as answer:
        document = await answer.json()

    assert JWT_BEARER_GRANT in document["grant_types_supported"]
