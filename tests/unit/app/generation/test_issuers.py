"""What knows the callers."""

import json

import pytest

from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import running_rig
from tests.support.token_signer import TokenSigner

METADATA = "/.well-known/oauth-authorization-server"


async def get(port: int, path: str) -> RawResponse:
    return await exchange(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())


@pytest.mark.requirement("55")
async def test_the_issuers_own_metadata_is_served_as_it_is() -> None:
    async with running_rig() as rig:
        response = await get(rig.port, METADATA)

        assert json.loads(response.body)["issuer"] == rig.signer.issuer


async def test_metadata_that_cannot_be_had_is_unavailable_for_now() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            signer.status = 500
            async with running_gateway(short_config(port, upstream.url, signer.issuer)):
                assert (await get(port, METADATA)).status == 503


async def test_the_embedded_issuer_publishes_its_key_and_no_more() -> None:
    with reserved_port() as port:
        async with running_gateway(short_config(port, "http://127.0.0.1:9/mcp", "local")):
            metadata = json.loads((await get(port, METADATA)).body)
            keys = json.loads((await get(port, "/.well-known/jwks.json")).body)["keys"]

        assert metadata["issuer"] == f"http://127.0.0.1:{port}"
        assert [key["kty"] for key in keys] == ["EC"]
        assert "d" not in keys[0]
