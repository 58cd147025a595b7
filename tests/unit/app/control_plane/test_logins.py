"""The authorization server within the gateway."""

import pytest
from aiohttp import ClientSession

from tests.support.login_gateway import login_gateway
from tests.support.login_pages import OAuthClient, PersonsBrowser
from tests.support.recording_upstream import RecordingUpstream


async def test_its_documents_replace_those_of_the_local_issuer(port: int) -> None:
    async with RecordingUpstream() as upstream, login_gateway(port, upstream.url):
        issuer = f"http://127.0.0.1:{port}"
        async with ClientSession(issuer) as session:
            async with session.get("/.well-known/oauth-protected-resource/mcp") as answer:
                resource = await answer.json()
            async with session.get("/.well-known/openid-configuration") as answer:
                metadata = await answer.json()
            async with session.get("/.well-known/jwks.json") as answer:
                keys = await answer.json()

    assert resource["authorization_servers"] == [issuer]
    assert metadata["token_endpoint"] == f"{issuer}/token"
    assert len(keys["keys"]) == 1


@pytest.mark.requirement("132", "F9")
async def test_a_code_that_comes_twice_ends_the_tokens_of_its_login(port: int) -> None:
    async with RecordingUpstream() as upstream, login_gateway(port, upstream.url):
        client = OAuthClient(f"http://127.0.0.1:{port}")
        await client.register()
        async with PersonsBrowser() as browser:
            page = await browser.log_in(client.authorize_url())
        _, granted = await client.exchange(page.answer["code"])
        token = granted["access_token"]
        assert await _status_of_a_call(port, token) == 200

        again, _ = await client.exchange(page.answer["code"])

        assert again == 400
        assert await _status_of_a_call(port, token) == 401
        assert len(upstream.requests) == 1


async def test_a_wrong_password_reaches_nothing(port: int) -> None:
    async with RecordingUpstream() as upstream, login_gateway(port, upstream.url):
        client = OAuthClient(f"http://127.0.0.1:{port}")
        await client.register()
        async with PersonsBrowser(password="wrong") as browser:  # noqa: S106  # no password
            page = await browser.log_in(client.authorize_url())

        assert page.status in (401, 403)
        assert "The name or the password is wrong." in page.html
        upstream.assert_untouched()


async def _status_of_a_call(port: int, token: object) -> int:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    async with (
        ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/mcp", json=message, headers=headers) as answer,
    ):
        return answer.status
