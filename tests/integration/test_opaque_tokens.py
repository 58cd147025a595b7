"""Opaque tokens through the whole gateway: asked about once, refused safely, never passed on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gateway.app.serve import Serving
from gateway.identity.api_keys.api_key import RANDOM_BYTES, make_key
from tests.support.gateway import running_gateway
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post, raw_connection
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL
from tests.support.token_signer import b64url, compact

LIMIT_S = 30.0

# A thousand clients, the gateway and the server share one loop here, and maybe a busy machine.
PATIENT = ", timeouts: {connect: 30s}"


@dataclass(frozen=True, slots=True)
class OpaqueRig:
    """A gateway whose issuer is asked about every token."""

    gateway: Serving
    service: IssuerService
    upstream: RecordingUpstream

    async def call(self, token: str) -> RawResponse:
        port = self.gateway.port
        return await exchange(port, post(port, CALL, token=token))

    async def all_wait(self, count: int) -> None:
        """Return when so many requests are under way in the gateway."""
        async with asyncio.timeout(LIMIT_S):
            while self.gateway.gate.in_flight < count:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running_opaque_rig(cache: str = "", server: str = "") -> AsyncIterator[OpaqueRig]:
    with reserved_port() as port:
        async with IssuerService() as service, RecordingUpstream() as upstream:
            config = f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers:
  corp:
    issuer: {service.url}
    jwt: false
    introspection: {{url: "{service.url}/introspect", client_id: gw, client_secret: s3cret{cache}}}
servers:
  mcp: {{upstream: "{upstream.url}", allow: any, limits: {{concurrent: 1000}}{server}}}
"""
            service.scenes["/introspect"] = lambda asked: _answer(asked, f"http://127.0.0.1:{port}")
            async with running_gateway(config) as gateway:
                yield OpaqueRig(gateway, service, upstream)


def _answer(asked: Asked, origin: str) -> Scene:
    subject = asked.form["token"]
    if subject.startswith("bad"):
        return Scene({"active": False})
    times = {"exp": time.time() + 300, "iat": int(time.time())}
    known = {"active": True, "sub": subject, "aud": f"{origin}/mcp", "scope": "mcp:read"}
    return Scene(known | times)


async def test_the_caller_behind_an_opaque_token_reaches_the_upstream() -> None:
    async with running_opaque_rig() as rig:
        response = await rig.call("ada")

        assert response.status == 200
        assert rig.upstream.last.value("X-User-Id") == "ada"
        assert b"Bearer ada" not in bytes(rig.upstream.received)


@pytest.mark.requirement("119", "14")
async def test_an_active_token_without_the_scope_is_told_which() -> None:
    async with running_opaque_rig(server=", auth: {scopes: [mcp:write]}") as rig:
        response = await rig.call("ada")

        assert response.status == 403
        assert 'error="insufficient_scope"' in str(response.challenge)
        assert 'scope="mcp:write"' in str(response.challenge)
        rig.upstream.assert_untouched()


@pytest.mark.requirement("118", "7")
async def test_an_inactive_token_is_refused_and_asked_about_once() -> None:
    async with running_opaque_rig() as rig:
        responses = [await rig.call("bad") for _ in range(3)]

        assert [each.status for each in responses] == [401, 401, 401]
        assert 'error="invalid_token"' in str(responses[0].challenge)
        assert rig.service.count("/introspect") == 1
        rig.upstream.assert_untouched()


@pytest.mark.requirement("N8", "C4")
async def test_a_thousand_requests_with_one_new_token_ask_once() -> None:
    async with running_opaque_rig(server=PATIENT) as rig:
        rig.service.gate.clear()
        async with asyncio.TaskGroup() as crowd:
            calls = [crowd.create_task(rig.call("ada")) for _ in range(1000)]
            await rig.all_wait(1000)
            rig.service.gate.set()
        responses = [each.result() for each in calls]

        assert {each.status for each in responses} == {200}
        assert rig.service.count("/introspect") == 1


@pytest.mark.requirement("121", "122")
async def test_an_issuer_that_fails_is_503_and_known_callers_go_on() -> None:
    async with running_opaque_rig() as rig:
        assert (await rig.call("ada")).status == 200
        received = len(rig.upstream.requests)
        rig.service.scenes["/introspect"] = Scene(status=500)

        refused = [await rig.call(f"new{number}") for number in range(8)]
        known = await rig.call("ada")

        assert {each.status for each in refused} == {503}
        assert all(int(each.value("Retry-After") or 0) >= 1 for each in refused)
        assert rig.service.count("/introspect") == 1 + 5 + 1  # a sample, and the circuit is open
        assert known.status == 200
        assert len(rig.upstream.requests) == received + 1


@pytest.mark.requirement("A14")
@pytest.mark.parametrize(
    "strange",
    [
        Scene(status=400),
        Scene({"error": "invalid_request"}, 400),
        Scene(status=413),
        Scene(status=429),
        Scene(status=500),
        Scene(b"<html>"),
        Scene(b'{"active":true,"active":true}'),
    ],
)
async def test_no_token_of_a_stranger_opens_the_circuit_for_everybody(strange: Scene) -> None:
    async with running_opaque_rig() as rig:
        usual = rig.service.scenes["/introspect"]
        assert callable(usual)
        rig.service.scenes["/introspect"] = lambda asked: (
            strange if asked.form["token"].startswith("odd") else usual(asked)
        )
        odd = [await rig.call(f"odd{number}") for number in range(12)]
        rig.upstream.assert_untouched()
        good = [await rig.call(f"ada{number}") for number in range(12)]

        assert {each.status for each in odd} <= {401, 503}
        assert {each.status for each in good} == {200}


@pytest.mark.requirement("A14", "24")
async def test_a_token_that_cannot_be_the_issuers_is_not_shown_to_it() -> None:
    async with running_opaque_rig() as rig:
        unsigned = b64url(b'{"alg":"none","x":1}') + ".e30."
        deep = compact(b'{"alg":"RS256"}', b'{"a":' + b"[" * 977 + b"]" * 977 + b"}")
        key = make_key(b"x" * RANDOM_BYTES)
        responses = [await rig.call(token) for token in (unsigned, deep, key)]

        assert [each.status for each in responses] == [401, 401, 401]
        assert rig.service.asked == []
        rig.upstream.assert_untouched()


@pytest.mark.requirement("N9", "C6", "C7", "J23")
async def test_a_token_revoked_at_its_issuer_is_refused_when_the_verdict_ends() -> None:
    async with running_opaque_rig(", cache: 500ms") as rig:
        assert (await rig.call("ada")).status == 200
        rig.service.scenes["/introspect"] = Scene({"active": False})
        revoked_at = time.monotonic()
        while (await rig.call("ada")).status == 200:
            assert time.monotonic() - revoked_at < 0.5 + 0.3, "still accepted"
            await asyncio.sleep(0.02)

        assert (await rig.call("ada")).status == 401


@pytest.mark.requirement("N8", "C4")
async def test_when_a_verdict_ends_a_thousand_requests_ask_once_more() -> None:
    async with running_opaque_rig(", cache: 1s", server=PATIENT) as rig:
        assert (await rig.call("ada")).status == 200
        await asyncio.sleep(1.1)  # the verdict has ended
        rig.service.gate.clear()
        async with asyncio.TaskGroup() as crowd:
            calls = [crowd.create_task(rig.call("ada")) for _ in range(1000)]
            await rig.all_wait(1000)
            rig.service.gate.set()

        assert {each.result().status for each in calls} == {200}
        assert rig.service.count("/introspect") == 2


@pytest.mark.requirement("119", "14")
async def test_a_head_that_repeats_is_admitted_anew_when_its_token_lost_the_scope() -> None:
    async with (
        running_opaque_rig(", cache: 0s", ", auth: {scopes: [mcp:read]}") as rig,
        raw_connection(rig.gateway.port) as connection,
    ):
        request = post(rig.gateway.port, CALL, token="ada")  # noqa: S106
        for _ in range(2):
            await connection.send(request)
            assert (await connection.read_response()).status == 200
        origin = f"http://127.0.0.1:{rig.gateway.port}"
        rig.service.scenes["/introspect"] = lambda asked: _without_scope(asked, origin)

        await connection.send(request)

        assert (await connection.read_response()).status == 403
        assert len(rig.upstream.requests) == 2


def _without_scope(asked: Asked, origin: str) -> Scene:
    scene = _answer(asked, origin)
    assert isinstance(scene.body, dict)
    return Scene(scene.body | {"scope": "mcp:other"})


async def test_a_head_that_repeats_says_what_its_token_says_now() -> None:
    async with (
        running_opaque_rig(", cache: 0s") as rig,
        raw_connection(rig.gateway.port) as connection,
    ):
        request = post(rig.gateway.port, CALL, token="ada")  # noqa: S106
        for _ in range(2):
            await connection.send(request)
            await connection.read_response()
        assert rig.upstream.last.value("X-User-Scopes") == "mcp:read"
        origin = f"http://127.0.0.1:{rig.gateway.port}"
        rig.service.scenes["/introspect"] = lambda asked: _without_scope(asked, origin)

        await connection.send(request)

        await connection.read_response()
        assert rig.upstream.last.value("X-User-Scopes") == "mcp:other"
