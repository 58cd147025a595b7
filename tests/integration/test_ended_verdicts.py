"""Streams end with the verdict that they were opened on, whatever it is that ends it."""

import time
from pathlib import Path

import pytest

from gateway.identity.api_keys.api_key import RANDOM_BYTES, hash_key, make_key
from gateway.identity.api_keys.api_key_file import ApiKeyEntry, dump_keys
from tests.integration.test_opaque_tokens import running_opaque_rig
from tests.support.issuer_service import Scene
from tests.support.raw_http import RawConnection, raw_connection
from tests.support.recording_upstream import RecordingUpstream, chunk, event_stream_head
from tests.support.rig import running_rig
from tests.support.token_signer import EC_KID, ec_jwk, ec_key, rsa_jwk, rsa_key

pytestmark = pytest.mark.requirement("A15")

EVENT = b"data: 1\n\n"
LIMIT_S = 1.5  # a file and a key set are looked at twice a second here
ADA, BOB = (make_key(bytes([each]) * RANDOM_BYTES) for each in b"ab")


async def _listen(
    port: int, upstream: RecordingUpstream, client: RawConnection, token: str
) -> None:
    upstream.replies.append(event_stream_head() + chunk(EVENT))
    await client.send(
        f"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    assert (await client.read_head()).status == 200
    assert await client.read_chunk() == EVENT


async def _ends_within(client: RawConnection, limit_s: float) -> None:
    started = time.monotonic()
    assert await client.read_chunk() == b""
    assert time.monotonic() - started < limit_s


async def _goes_on(upstream: RecordingUpstream, client: RawConnection) -> None:
    await upstream.send(chunk(EVENT))
    assert await client.read_chunk() == EVENT


def _entry(key: str, subject: str) -> ApiKeyEntry:
    return ApiKeyEntry(hash_key(key), subject, scopes=frozenset({"mcp:read"}))


async def test_a_stream_ends_with_its_api_key_and_others_go_on(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(dump_keys([_entry(ADA, "ada"), _entry(BOB, "bob")]), encoding="utf-8")
    async with (
        running_rig(f"api_keys: {{file: {file}}}\n") as rig,
        raw_connection(rig.port) as ada,
        raw_connection(rig.port) as bob,
    ):
        await _listen(rig.port, rig.upstream, bob, BOB)
        await _listen(rig.port, rig.upstream, ada, ADA)

        file.write_text(dump_keys([_entry(BOB, "bob")]), encoding="utf-8")

        await _ends_within(ada, LIMIT_S)
        await _goes_on(rig.upstream, bob)
        assert (await rig.call(token=ADA)).status == 401
        assert len(rig.upstream.requests) == 2


async def test_a_stream_ends_with_the_key_that_its_token_was_signed_with() -> None:
    async with (
        running_rig(issuer="jwks: {refresh: 200ms}") as rig,
        raw_connection(rig.port) as old,
        raw_connection(rig.port) as new,
    ):
        rig.signer.keys.append(rsa_jwk(rsa_key("new"), "new"))
        await _listen(
            rig.port,
            rig.upstream,
            new,
            rig.signer.token(rig.resource, key=rsa_key("new"), header={"kid": "new"}),
        )
        token = rig.token()
        await _listen(rig.port, rig.upstream, old, token)

        rig.signer.keys = [rsa_jwk(rsa_key("new"), "new"), ec_jwk(ec_key(), EC_KID)]

        await _ends_within(old, LIMIT_S)
        await _goes_on(rig.upstream, new)
        assert (await rig.call(token=token)).status == 401
        assert len(rig.upstream.requests) == 2


async def test_a_stream_ends_when_its_issuer_says_that_the_token_is_not_active() -> None:
    async with (
        running_opaque_rig(", cache: 1s") as rig,
        raw_connection(rig.gateway.port) as client,
    ):
        await _listen(rig.gateway.port, rig.upstream, client, "ada")
        assert rig.service.count("/introspect") == 1

        rig.service.scenes["/introspect"] = Scene({"active": False})

        await _ends_within(client, 1.0 + LIMIT_S)
        assert rig.service.count("/introspect") == 2


async def test_a_stream_goes_on_while_its_issuer_says_that_the_token_is_active() -> None:
    async with (
        running_opaque_rig(", cache: 1s") as rig,
        raw_connection(rig.gateway.port) as client,
    ):
        await _listen(rig.gateway.port, rig.upstream, client, "ada")
        rig.service.came.clear()
        await rig.service.came.wait()
        rig.service.scenes["/introspect"] = Scene(status=500)
        rig.service.came.clear()
        await rig.service.came.wait()

        await _goes_on(rig.upstream, client)
