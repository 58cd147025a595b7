from dataclasses import replace
from pathlib import Path

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from gateway.oauth.registration import DEVICE_GRANT
from tests.support.authorization_server import Setting, running_authorization_server
from tests.support.document_host import running_document_host
from tests.support.login_pages import OAuthClient

GRANTS = ["authorization_code", "refresh_token", DEVICE_GRANT]
ON = Setting(Settings(device_login=True))


async def test_answer_says_where_to_type_what_and_for_how_long() -> None:
    """RFC 8628 §3.2."""
    async with running_authorization_server(ON) as site:
        client = await site.registered(grant_types=GRANTS)
        status, answer, headers = await client.post("/device_authorization")

    assert status == 200
    assert answer["verification_uri"] == f"{site.issuer}/device"
    complete = f"{site.issuer}/device?user_code={answer['user_code']}"
    assert answer["verification_uri_complete"] == complete
    assert (answer["expires_in"], answer["interval"]) == (600, 5)
    assert headers["Cache-Control"] == "no-store"


async def test_unknown_client_and_foreign_resource_get_nothing() -> None:
    async with running_authorization_server(ON) as site:
        client = await site.registered(grant_types=GRANTS)
        unknown, _, _ = await client.post("/device_authorization", client_id="nobody")
        foreign, answer, _ = await client.post(
            "/device_authorization", resource="https://evil.example/mcp"
        )

        assert (unknown, foreign) == (401, 400)
        assert answer["error"] == "invalid_target"
        assert await site.store.entries("waiting-device") == {}


@pytest.mark.requirement("F11")
async def test_flood_of_requests_meets_a_limit() -> None:
    async with running_authorization_server(ON) as site:
        client = await site.registered(grant_types=GRANTS)
        answers = [(await client.post("/device_authorization"))[0] for _ in range(31)]

    assert answers == [200] * 30 + [429]


async def test_client_with_a_document_may_come_by_a_device_first(tmp_path: Path) -> None:
    async with running_document_host(tmp_path) as host:
        host.serve(host.document(grant_types=GRANTS))
        async with running_authorization_server(replace(ON, documents=(host.clients,))) as site:
            client = OAuthClient(site.issuer, host.client_id)
            status, codes, _ = await client.post("/device_authorization")

        assert status == 200
        assert codes.keys() >= {"device_code", "user_code"}


async def test_document_without_the_grant_gets_no_code(tmp_path: Path) -> None:
    async with running_document_host(tmp_path) as host:
        async with running_authorization_server(replace(ON, documents=(host.clients,))) as site:
            client = OAuthClient(site.issuer, host.client_id)
            status, answer, _ = await client.post("/device_authorization")

        assert (status, answer["error"]) == (400, "unauthorized_client")


async def test_client_with_a_document_polls_on_after_a_restart(tmp_path: Path) -> None:
    """Nothing is fetched at the token endpoint, so the seal of the code must be enough."""
    async with running_document_host(tmp_path) as host:
        async with running_authorization_server(replace(ON, documents=(host.clients,))) as site:
            client = OAuthClient(site.issuer, host.client_id)
            status, answer, _ = await client.post(
                "/token", grant_type=DEVICE_GRANT, device_code="of nobody"
            )

        assert (status, answer["error"]) == (400, "invalid_grant")
        assert not host.service.asked


async def test_configured_client_may_be_of_a_device() -> None:
    desk = ConfiguredClient(grants=(DEVICE_GRANT,))
    setting = Setting(Settings(device_login=True, clients={"desk": desk}))
    async with running_authorization_server(setting) as site:
        status, _, _ = await OAuthClient(site.issuer, "desk").post("/device_authorization")

    assert status == 200
