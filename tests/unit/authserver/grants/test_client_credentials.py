import base64

import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.grants.client_credentials import (
    GRANT_TYPE,
    SUBJECT_PREFIX,
    grant_to_client,
)
from gateway.authserver.grants.tokens import Tokens
from gateway.authserver.resources import ProtectedResource
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from gateway.oauth.errors import UnauthorizedClient
from tests.support.authorization_server import (
    Setting,
    Site,
    password_hash,
    running_authorization_server,
)
from tests.support.grants import claims_of
from tests.support.login_pages import OAuthClient, PersonsBrowser

SECRET = "s" * 32
MACHINE = Client(
    "ci",
    "configured",
    name="Nightly build",
    auth_method="client_secret_basic",
    grant_types=frozenset({GRANT_TYPE}),
)
RESOURCE = ProtectedResource(
    "mcp",
    "Mcp",
    "https://mcp.example/mcp",
    "https://mcp.example/mcp",
    frozenset({"mcp:read"}),
    frozenset({"mcp:read", "mcp:write"}),
)


def configured(**settings: object) -> Settings:
    told = {"client_secret": SECRET, "grants": [GRANT_TYPE]} | settings
    return Settings(clients={"ci": ConfiguredClient.model_validate(told)})


def _again(tokens: Tokens, now: float) -> dict[str, object]:
    return grant_to_client(tokens, MACHINE, RESOURCE, (None, None), now)


@pytest.mark.requirement("141")
async def test_token_is_of_the_client_itself_for_the_one_resource(site: Site) -> None:
    """RFC 6749 §4.4, RFC 9068 §2.2."""
    tokens, now = site.server.grants.tokens, site.clock.wall

    answer = grant_to_client(tokens, MACHINE, RESOURCE, (None, None), now)

    claims = claims_of(answer["access_token"])
    assert claims["sub"] == "client:ci"
    assert claims["client_id"] == "ci"
    assert claims["aud"] == RESOURCE.resource
    assert claims["exp"] == now + 3600
    assert claims["scope"] == answer["scope"] == "mcp:read"
    assert claims["sid"] != claims_of(_again(tokens, now)["access_token"])["sid"]
    assert "refresh_token" not in answer


async def test_token_is_bound_to_the_key_that_was_shown(site: Site) -> None:
    tokens, now = site.server.grants.tokens, site.clock.wall

    answer = grant_to_client(tokens, MACHINE, RESOURCE, (None, "thumbprint"), now)

    assert answer["token_type"] == "DPoP"  # noqa: S105  # a kind of token
    assert claims_of(answer["access_token"])["cnf"] == {"jkt": "thumbprint"}


@pytest.mark.requirement("F15")
@pytest.mark.parametrize(
    "client",
    [
        Client("ci", "configured", grant_types=frozenset({GRANT_TYPE})),
        Client("ci", "configured", auth_method="client_secret_basic"),
        Client("x", "registered", grant_types=frozenset({GRANT_TYPE})),
        Client("https://a.example/c", "metadata_document", grant_types=frozenset({GRANT_TYPE})),
    ],
)
async def test_public_client_and_one_without_the_grant_get_none(site: Site, client: Client) -> None:
    tokens, now = site.server.grants.tokens, site.clock.wall

    with pytest.raises(UnauthorizedClient):
        grant_to_client(tokens, client, RESOURCE, (None, None), now)


@pytest.mark.requirement("F11")
async def test_client_that_registered_with_a_secret_gets_none(site: Site) -> None:
    grants = ["authorization_code", GRANT_TYPE]
    method = "client_secret_post"
    client = await site.registered(grant_types=grants, token_endpoint_auth_method=method)

    status, answer, _ = await client.post("/token", grant_type=GRANT_TYPE)

    assert client.secret is not None
    assert (status, answer["error"]) == (400, "unauthorized_client")


async def test_secret_may_come_in_the_header_and_never_in_both_places() -> None:
    """RFC 6749 §2.3."""
    basic = "Basic " + base64.b64encode(f"ci:{SECRET}".encode()).decode()
    async with running_authorization_server(Setting(configured())) as site:
        client = OAuthClient(site.issuer, "ci")
        header = {"Authorization": basic}
        good = await client.post("/token", header, grant_type=GRANT_TYPE)
        both = await client.post("/token", header, grant_type=GRANT_TYPE, client_secret=SECRET)

    assert good[0] == 200
    assert (both[0], both[1]["error"]) == (400, "invalid_request")


@pytest.mark.requirement("92")
async def test_configured_scopes_are_all_that_a_client_is_granted() -> None:
    async with running_authorization_server(Setting(configured(scopes=["mcp:read"]))) as site:
        client = OAuthClient(site.issuer, "ci", SECRET)
        _, answer, _ = await client.post(
            "/token", grant_type=GRANT_TYPE, scope="mcp:read mcp:write"
        )

    assert answer["scope"] == "mcp:read"


@pytest.mark.requirement("141")
async def test_no_person_logs_in_under_the_name_of_a_client(
    site: Site, browser: PersonsBrowser
) -> None:
    """RFC 9700 §4.15."""
    await site.change("ada", subject=SUBJECT_PREFIX + "ci", password_hash=password_hash())
    client = await site.registered()

    page = await browser.log_in(client.authorize_url())

    assert page.status == 403
    assert page.goes_to == ""
    assert ("login", "subject_of_client") in site.steps


@pytest.mark.requirement("133")
async def test_client_can_revoke_a_token_of_its_own() -> None:
    """RFC 7009 §2.1."""
    async with running_authorization_server(Setting(configured())) as site:
        client = OAuthClient(site.issuer, "ci", SECRET)
        status, answer, _ = await client.post("/token", grant_type=GRANT_TYPE)
        assert status == 200
        token = str(answer["access_token"])

        revoked, _, _ = await client.post("/revoke", token=token)
        _, told, _ = await client.post("/introspect", token=token)

    assert revoked == 200
    assert told == {"active": False}
    assert site.voided == [claims_of(token)["sid"]]
