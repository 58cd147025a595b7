"""The keys of the local issuer while the gateway runs, and after one was stolen."""

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession
from joserfc.jwk import ECKey

from gateway.identity.keys.local_issuer import KEY_FILE, PEM_FILE, Grant, LocalIssuer
from tests.support.gateway import running_gateway, short_config
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import CALL


def _token(state: Path, port: int) -> str:
    issuer = LocalIssuer.load_or_create(state, f"http://127.0.0.1:{port}")
    grant = Grant("ada", f"http://127.0.0.1:{port}/mcp", scopes=frozenset({"mcp:read"}))
    return issuer.issue(grant, time.time())


async def _call(port: int, token: str) -> RawResponse:
    return await exchange(port, post(port, CALL, token=token))


async def _published(port: int) -> list[str]:
    url = f"http://127.0.0.1:{port}/.well-known/jwks.json"
    async with ClientSession() as session, session.get(url) as answer:
        return [key["kid"] for key in (await answer.json())["keys"]]


@pytest.mark.requirement("F18")
async def test_what_a_stolen_key_signed_counts_no_longer(port: int, tmp_path: Path) -> None:
    stolen = _token(tmp_path, port)
    (tmp_path / KEY_FILE).unlink()
    async with RecordingUpstream() as upstream:
        config = short_config(port, upstream.url, "local", more=f"state_dir: {tmp_path}\n")
        async with running_gateway(config):
            refused = await _call(port, stolen)
            upstream.assert_untouched()

    assert refused.status == 401
    assert 'error="invalid_token"' in (refused.challenge or "")


@pytest.mark.requirement("143", "F18")
async def test_a_key_that_is_put_there_is_published_and_throws_nobody_out(
    port: int, tmp_path: Path
) -> None:
    token = _token(tmp_path, port)
    key = ECKey.generate_key("P-256")
    async with RecordingUpstream(json_reply(b'{"jsonrpc":"2.0","id":1,"result":{}}')) as upstream:
        config = short_config(port, upstream.url, "local", more=f"state_dir: {tmp_path}\n")
        async with running_gateway(config):
            old = await _published(port)
            made = tmp_path / "made.pem"
            made.touch(mode=0o600)
            made.write_bytes(key.as_pem(private=True))
            made.rename(tmp_path / PEM_FILE)
            published = old
            async with asyncio.timeout(20):
                while published == old:  # it looks every two seconds
                    published = await _published(port)
            answered = await _call(port, token)

    assert published == [*old, key.thumbprint()]
    assert answered.status == 200
