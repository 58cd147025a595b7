import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.oauth.registration import DEVICE_GRANT
from tests.support.authorization_server import Setting, running_authorization_server

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
