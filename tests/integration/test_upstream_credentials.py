"""What an upstream is shown as the gateway's credential: one of four kinds, never a fall-back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.identity.api_keys.api_key import RANDOM_BYTES, hash_key, make_key
from gateway.identity.api_keys.api_key_file import ApiKeyEntry, dump_keys
from tests.support.gateway import running_gateway
from tests.support.issuer_service import IssuerService, Scene
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL, Rig, running_rig
from tests.support.token_signer import TokenSigner

GRANT = {"access_token": "upstream-token", "token_type": "Bearer", "expires_in": 300}
EXCHANGED = GRANT | {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
CLIENT = "client_id: gw, client_secret: s3cret"


@asynccontextmanager
async def rig_with(credential: str) -> AsyncIterator[tuple[Rig, IssuerService]]:
    """A gateway whose upstream gets this credential; `{url}` is the token endpoint's host."""
    async with IssuerService() as service:
        text = credential.replace("{url}", service.url)
        async with running_rig(upstream=f"credential: {text}") as rig:
            yield rig, service


def _shown(rig: Rig, name: str = "Authorization") -> list[str]:
    return rig.upstream.last.values(name)


async def test_a_header_of_a_file_goes_with_every_request_and_is_renewed(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("first\n", encoding="utf-8")
    async with rig_with(f"{{header: {{header: X-Api-Key, value_file: {path}}}}}") as (rig, _):
        await rig.call(headers=b"X-Api-Key: forged\r\nx_api_key: forged\r\n")
        first = [value for name, value in rig.upstream.last.headers if "key" in name.lower()]
        path.write_text("second\n", encoding="utf-8")
        await rig.call()

        assert first == ["first"]
        assert _shown(rig, "X-Api-Key") == ["second"]


@pytest.mark.parametrize("content", [b"", b"a\r\nX-User-Id: root", b"\xff"])
async def test_a_file_without_a_header_value_stops_the_request(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "key").write_bytes(content)
    async with rig_with(f"{{header: {{value_file: {tmp_path / 'key'}}}}}") as (rig, _):
        response = await rig.call()

        assert response.status == 503
        rig.upstream.assert_untouched()


async def test_a_token_of_the_gateways_own_is_asked_for_once() -> None:
    credential = f"{{client_credentials: {{token_url: '{{url}}/token', scope: mcp, {CLIENT}}}}}"
    async with rig_with(credential) as (rig, service):
        service.scenes["/token"] = Scene(GRANT)

        responses = [await rig.call() for _ in range(3)]

        assert [each.status for each in responses] == [200, 200, 200]
        assert _shown(rig) == ["Bearer upstream-token"]
        assert service.count("/token") == 1
        assert service.asked[0].form["grant_type"] == "client_credentials"


EXCHANGE = (
    "{token_exchange: {token_url: '{url}/token', audience: 'https://tools.example', "
    + CLIENT
    + "}}"
)


@pytest.mark.requirement("156", "10", "11")
async def test_the_callers_token_becomes_one_for_the_upstream() -> None:
    async with rig_with(EXCHANGE) as (rig, service):
        service.scenes["/token"] = lambda asked: Scene(
            EXCHANGED | {"access_token": f"for-{len(service.asked)}"}
        )
        token, other = rig.token(), rig.token(sub="bob")

        for each in (token, token, other):
            assert (await rig.call(token=each)).status == 200

        assert _shown(rig) == ["Bearer for-2"]
        assert service.asked[0].form["subject_token"] == token
        assert service.asked[0].form["audience"] == "https://tools.example"
        assert token.encode() not in bytes(rig.upstream.received)


@pytest.mark.requirement("156")
@pytest.mark.parametrize(
    ("scene", "status"),
    [
        (Scene({"error": "invalid_grant"}, 400), 403),
        (Scene({"error": "invalid_target"}, 400), 403),
        (Scene({"error": "invalid_client"}, 401), 503),
        (Scene(status=500), 503),
        (Scene(GRANT | {"issued_token_type": "urn:x:saml2"}), 503),
        (Scene(EXCHANGED | {"token_type": "N_A"}), 503),
        (Scene(EXCHANGED | {"access_token": "a\r\nX-User-Id: root"}), 503),
        (Scene({}), 503),
    ],
)
async def test_without_another_token_nothing_is_sent(scene: Scene, status: int) -> None:
    async with rig_with(EXCHANGE) as (rig, service):
        service.scenes["/token"] = scene

        response = await rig.call()

        assert response.status == status
        assert (response.value("Retry-After") is not None) is (status == 503)
        assert response.challenge is None
        rig.upstream.assert_untouched()


@pytest.mark.requirement("156")
async def test_a_chain_of_actors_reaches_the_upstream_as_it_was_issued() -> None:
    async with rig_with(EXCHANGE) as (rig, service):
        issued = rig.signer.token(
            "https://tools.example", sub="ada", act={"sub": "gw", "act": {"sub": "cli"}}
        )
        service.scenes["/token"] = Scene(EXCHANGED | {"access_token": issued})

        await rig.call()

        assert _shown(rig) == [f"Bearer {issued}"]


async def test_an_anonymous_caller_has_nothing_to_exchange() -> None:
    async with IssuerService() as service:
        credential = f"credential: {EXCHANGE.replace('{url}', service.url)}"
        async with running_rig(upstream=credential, server="allow: anonymous") as rig:
            message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            accept = {"Accept": "application/json, text/event-stream"}
            async with (
                ClientSession(headers=accept) as client,
                client.post(rig.resource, json=message) as response,
            ):
                assert response.status == 403

            rig.upstream.assert_untouched()


@pytest.mark.requirement("10", "11")
@pytest.mark.parametrize("credential", [EXCHANGE, "{insecure_forward_token: true}"])
async def test_an_api_key_is_shown_to_nobody(tmp_path: Path, credential: str) -> None:
    key = make_key(bytes(RANDOM_BYTES))
    entry = ApiKeyEntry(hash_key(key), "ci", scopes=frozenset({"mcp:read"}))
    (tmp_path / "keys.yaml").write_text(dump_keys([entry]), encoding="utf-8")
    async with IssuerService() as service:
        text = f"credential: {credential.replace('{url}', service.url)}"
        more = f"api_keys: {{file: {tmp_path}/keys.yaml}}\n"
        async with running_rig(more, upstream=text) as rig:
            response = await rig.call(token=key)

            assert response.status == 403
            assert service.asked == []
            rig.upstream.assert_untouched()


@pytest.mark.requirement("A20", "10")
async def test_a_token_of_another_issuer_is_not_shown_to_the_exchange_endpoint() -> None:
    with reserved_port() as port:
        async with (
            IssuerService() as service,
            RecordingUpstream() as upstream,
            TokenSigner() as corp,
            TokenSigner() as other,
        ):
            service.scenes["/token"] = Scene(EXCHANGED)
            section = f"token_url: '{service.url}/token', issuer: corp, {CLIENT}"
            config = f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers:
  corp: {{issuer: "{corp.issuer}"}}
  other: {{issuer: "{other.issuer}"}}
servers:
  mcp:
    upstream: {{url: "{upstream.url}", credential: {{token_exchange: {{{section}}}}}}}
    allow: any
"""
            async with running_gateway(config):
                audience = f"http://127.0.0.1:{port}/mcp"
                refused = await call_with(port, other.token(audience))
                asked = service.count("/token")
                upstream.assert_untouched()
                allowed = await call_with(port, corp.token(audience))

    assert (refused.status, asked) == (403, 0)
    assert allowed.status == 200


async def call_with(port: int, token: str) -> RawResponse:
    return await exchange(port, post(port, CALL, token=token))


@pytest.mark.requirement("10", "11")
async def test_the_original_token_is_passed_on_only_where_that_is_called_insecure() -> None:
    async with rig_with("{insecure_forward_token: true}") as (rig, _):
        token = rig.token()
        await rig.call(token=token)

        assert _shown(rig) == [f"Bearer {token}"]

    async with running_rig() as rig:
        await rig.call()

        assert _shown(rig) == []
