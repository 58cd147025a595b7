"""What a client learns before it has a token, over raw HTTP."""

import json
from typing import Any

import pytest

from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL, Rig, running_rig
from tests.support.token_signer import TokenSigner

PATH_INSERTED = "/.well-known/oauth-protected-resource/mcp"


async def get(rig: Rig, path: str, headers: bytes = b"") -> RawResponse:
    return await rig.send(rig.request("GET", path, headers=headers))


def document(answer: RawResponse) -> dict[str, Any]:
    parsed = json.loads(answer.body)
    assert isinstance(parsed, dict)
    return parsed


@pytest.mark.requirement("1", "2", "4", "78", "79", "80", "81", "82", "84")
@pytest.mark.parametrize("path", [PATH_INSERTED, "/.well-known/oauth-protected-resource"])
async def test_metadata_names_the_resource_and_where_to_log_in(path: str) -> None:
    async with running_rig() as rig:
        answer = await get(rig, path)

    assert answer.status == 200
    assert (answer.value("Content-Type") or "").startswith("application/json")
    metadata = document(answer)
    assert metadata["resource"] == rig.resource
    assert metadata["authorization_servers"] == [rig.signer.issuer]
    assert metadata["bearer_methods_supported"] == ["header"]
    assert [] not in metadata.values()


@pytest.mark.requirement("18", "78", "79", "80")
async def test_the_published_resource_is_in_its_normal_form() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            config = short_config(port, upstream.url, signer.issuer)
            shouting = config.replace(f"http://127.0.0.1:{port}\n", f"HTTP://LOCALHOST:{port}\n")
            host = f"Host: LocalHost:{port}\r\n"
            path = f"GET {PATH_INSERTED} HTTP/1.1\r\n{host}\r\n".encode()
            async with running_gateway(shouting):
                metadata = document(await exchange(port, path))
                refused = await exchange(port, f"GET /mcp HTTP/1.1\r\n{host}\r\n".encode())
                resource = str(metadata["resource"])
                token = signer.token(resource)
                good = await exchange(port, post(port, CALL, token=token))

    assert resource == f"http://localhost:{port}/mcp"
    assert f'resource_metadata="http://localhost:{port}{PATH_INSERTED}"' in str(refused.challenge)
    assert good.status == 421  # 127.0.0.1 is another host
    upstream.assert_untouched()


@pytest.mark.requirement("17", "68")
async def test_clients_are_told_to_ask_for_what_everybody_needs_and_no_more() -> None:
    """Not for everything that rules may ask for one day."""
    keys = (
        "auth: {scopes: [mcp:read]}, rules: ["
        "{tools: [write], allow: {scopes: [mcp:write]}}, {allow: {scopes: [mcp:admin]}}]"
    )
    async with running_rig(server=keys) as rig:
        metadata = document(await get(rig, PATH_INSERTED))
        missing = await rig.send(post(rig.port, CALL))
        lacking = await rig.call(token=rig.token(scope="mcp:write mcp:admin"))

    assert metadata["scopes_supported"] == ["mcp:read"]
    for refused, status in ((missing, 401), (lacking, 403)):
        assert refused.status == status
        assert 'scope="mcp:read"' in (refused.challenge or "")
    rig.upstream.assert_untouched()


@pytest.mark.requirement("3", "5", "6", "72", "73", "77")
async def test_call_without_a_token_is_challenged_without_an_error_code() -> None:
    async with running_rig() as rig:
        answer = await rig.send(post(rig.port, CALL))

    assert answer.status == 401
    assert answer.challenge is not None
    assert f'resource_metadata="{rig.origin}{PATH_INSERTED}"' in answer.challenge
    assert 'scope="mcp:read"' in answer.challenge
    assert "error" not in answer.challenge
    assert "no-store" in (answer.value("Cache-Control") or "")
    rig.upstream.assert_untouched()


@pytest.mark.requirement("7", "74")
async def test_call_with_a_bad_token_is_told_so_without_the_token() -> None:
    async with running_rig() as rig:
        token = rig.token(aud="https://other.example/mcp")
        answer = await rig.call(token=token)

    assert answer.status == 401
    assert 'error="invalid_token"' in (answer.challenge or "")
    assert token not in f"{answer.challenge}{answer.body!r}"
    rig.upstream.assert_untouched()


@pytest.mark.requirement("6", "14", "15", "74")
async def test_call_without_the_scope_is_told_which_to_ask_for() -> None:
    async with running_rig() as rig:
        answer = await rig.call(token=rig.token(scope="mcp:write"))

    assert answer.status == 403
    assert 'error="insufficient_scope"' in (answer.challenge or "")
    assert 'scope="mcp:read"' in (answer.challenge or "")
    assert f'resource_metadata="{rig.origin}{PATH_INSERTED}"' in (answer.challenge or "")
    rig.upstream.assert_untouched()


@pytest.mark.requirement("64", "86", "87")
@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
async def test_client_of_2025_03_26_finds_the_issuer_on_the_gateway(name: str) -> None:
    async with running_rig() as rig:
        answer = await get(rig, f"/.well-known/{name}")

    assert answer.status == 200
    assert document(answer)["issuer"] == rig.signer.issuer


@pytest.mark.requirement("26")
async def test_call_from_a_foreign_web_page_is_refused() -> None:
    async with running_rig() as rig:
        answer = await rig.call(headers=b"Origin: https://evil.example\r\n")

    assert answer.status == 403
    rig.upstream.assert_untouched()


@pytest.mark.requirement("H8")
@pytest.mark.parametrize("name", ["X-Forwarded-Host", "Forwarded", "X-Original-URL"])
async def test_public_urls_never_come_from_the_request(name: str) -> None:
    forged = f"{name}: host=evil.example\r\n".encode()
    async with running_rig() as rig:
        challenge = await rig.send(post(rig.port, CALL, headers=forged))
        metadata = await get(rig, PATH_INSERTED, forged)

    assert "evil" not in (challenge.challenge or "")
    assert b"evil" not in metadata.body


async def test_health_needs_no_token() -> None:
    async with running_rig() as rig:
        answer = await get(rig, "/health")

    assert (answer.status, document(answer)) == (200, {"status": "ok", "oauth": "enabled"})


async def test_front_page_says_what_this_is() -> None:
    async with running_rig() as rig:
        answer = await get(rig, "/")

    assert answer.status == 200
    assert rig.resource.encode() in answer.body
