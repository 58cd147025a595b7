"""Providers that go away, hang, come back and change their keys, while callers keep calling."""

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.app.serve import Serving
from tests.support.gateway import FullKeys, full_config, running_gateway
from tests.support.issuer_service import IssuerService, Scene
from tests.support.network_edge import NetworkEdge, State
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL
from tests.support.token_signer import RSA_KID, TokenSigner, rsa_jwk, rsa_key

LIMIT_S = 10.0
_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class EdgeRig:
    """A gateway that reaches its provider only over `edge`."""

    gateway: Serving
    edge: NetworkEdge
    signer: TokenSigner
    upstream: RecordingUpstream

    def new_token(self, kid: str = RSA_KID, key: rsa.RSAPrivateKey | None = None) -> str:
        """A token that was not seen before."""
        audience = f"{self.gateway.url}/mcp"
        return self.signer.token(audience, header={"kid": kid}, key=key, jti=str(next(_serial)))

    async def call(self, token: str) -> RawResponse:
        port = self.gateway.port
        return await exchange(port, post(port, CALL, token=token))

    async def ready(self) -> bool:
        url = f"http://127.0.0.1:{self.gateway.admin_port}/readyz"
        async with ClientSession() as client, client.get(url) as answer:
            return answer.status == 200

    @asynccontextmanager
    async def calling(self, make_token: Callable[[], str]) -> AsyncIterator["Calls"]:
        """Keep calling, each time with a token that is made for it."""
        calls = Calls()

        async def call_on() -> None:
            while True:
                calls.statuses.append((await self.call(make_token())).status)

        async with asyncio.TaskGroup() as group:
            callers = [group.create_task(call_on()) for _ in range(4)]
            yield calls
            for caller in callers:
                caller.cancel()


@dataclass(slots=True)
class Calls:
    """The statuses of calls that go on."""

    statuses: list[int] = field(default_factory=list)

    async def wait_for(self, count: int) -> Sequence[int]:
        """Wait for so many more answers, and give those."""
        begun = len(self.statuses)
        async with asyncio.timeout(LIMIT_S):
            while len(self.statuses) < begun + count:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.005)
        return self.statuses[begun:]


@asynccontextmanager
async def running_edge_rig(jwks: str = "", state: State = "open") -> AsyncIterator[EdgeRig]:
    """Run it; `jwks` are further keys of that section, in YAML's flow style."""
    with reserved_port() as port:
        async with (
            RecordingUpstream() as upstream,
            TokenSigner() as signer,
            NetworkEdge(signer.port, state) as edge,
        ):
            keys = f'jwks: {{url: "{edge.url}/jwks"{jwks}}}'
            config = full_config(port, upstream.url, signer.issuer, FullKeys(keys))
            async with running_gateway(config) as gateway:
                yield EdgeRig(gateway, edge, signer, upstream)


@pytest.mark.requirement("N3", "J22")
@pytest.mark.parametrize("state", ["cut", "silent"])
async def test_callers_notice_nothing_while_the_keys_cannot_be_fetched(
    state: State, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with running_edge_rig(", refresh: 100ms") as rig, rig.calling(rig.new_token) as calls:
        await rig.edge.change(state)
        during = await calls.wait_for(600)
        await asyncio.sleep(1.0)  # several refreshes later
        later = await calls.wait_for(100)

    assert set(during) == {200}
    assert set(later) == {200}
    told = [each for each in caplog.records if each.message == "issuer document not fetched"]
    assert len(told) <= 1


@pytest.mark.requirement("N3")
async def test_an_unknown_key_is_refused_after_one_bounded_try() -> None:
    async with running_edge_rig() as rig:
        await rig.edge.change("silent")
        before = rig.edge.connected
        begun = time.monotonic()
        async with asyncio.TaskGroup() as crowd:
            tokens = [rig.new_token(f"unknown-{number}") for number in range(20)]
            calls = [crowd.create_task(rig.call(token)) for token in tokens]
        first_s = time.monotonic() - begun
        again = await rig.call(rig.new_token("unknown-again"))

        assert {each.result().status for each in calls} == {401}
        assert again.status == 401
        assert first_s < 6.5  # the time limit of one fetch, which aiohttp rounds up, and a little
        assert rig.edge.connected - before == 1
        rig.upstream.assert_untouched()


@pytest.mark.requirement("N3", "J22")
async def test_keys_that_are_too_old_let_nobody_in_until_they_are_fetched_again() -> None:
    timing = ", refresh: 100ms, max_stale: 1s, cooldown: 100ms"
    async with running_edge_rig(timing) as rig:
        await rig.edge.change("cut")
        cut_at = time.monotonic()
        while (await rig.call(rig.new_token())).status == 200:
            assert time.monotonic() - cut_at < 1.5
            await asyncio.sleep(0.05)
        refused = await rig.call(rig.new_token())
        received = len(rig.upstream.requests)
        assert (await rig.call(rig.new_token())).status == 503
        assert len(rig.upstream.requests) == received

        await rig.edge.change("open")
        mended_at = time.monotonic()
        while (await rig.call(rig.new_token())).status != 200:  # after the cooldown at most
            assert time.monotonic() - mended_at < 1.0
            await asyncio.sleep(0.02)

    assert refused.status == 503
    assert int(refused.value("Retry-After") or 0) >= 1
    assert refused.value("WWW-Authenticate") is None


@pytest.mark.requirement("N4", "J22")
async def test_a_gateway_that_never_had_keys_is_ready_soon_after_it_gets_them() -> None:
    async with running_edge_rig(state="cut") as rig:
        await asyncio.sleep(1.0)  # the pauses between tries have grown
        assert not await rig.ready()
        answer = await rig.call(rig.new_token())
        assert answer.status == 503
        assert int(answer.value("Retry-After") or 0) >= 1
        rig.upstream.assert_untouched()

        await rig.edge.change("open")
        mended_at = time.monotonic()
        while not await rig.ready():
            assert time.monotonic() - mended_at < 2.0
            await asyncio.sleep(0.02)
        assert (await rig.call(rig.new_token())).status == 200


@pytest.mark.requirement("N5", "J21")
async def test_keys_are_rotated_under_load_and_nobody_is_refused() -> None:
    new_key = rsa_key("rsa-2")
    async with running_edge_rig() as rig:
        rotated = asyncio.Event()

        def new_token() -> str:
            return rig.new_token("rsa-2", new_key) if rotated.is_set() else rig.new_token()

        async with rig.calling(new_token) as calls:
            before = await calls.wait_for(100)
            fetched = rig.signer.fetched.count("/jwks")
            rig.signer.keys.append(rsa_jwk(new_key, "rsa-2"))
            rotated.set()
            after = await calls.wait_for(300)
        extra = rig.signer.fetched.count("/jwks") - fetched

    assert set(before) == {200}
    assert set(after) == {200}
    assert extra == 1


@pytest.mark.requirement("N5", "J21")
async def test_a_key_that_was_taken_back_is_refused_after_the_next_refresh() -> None:
    async with running_edge_rig(", refresh: 500ms") as rig:
        known = rig.new_token()
        assert (await rig.call(known)).status == 200
        rig.signer.keys[:] = [rsa_jwk(rsa_key("rsa-2"), "rsa-2")]
        removed_at = time.monotonic()
        while (await rig.call(known)).status == 200:  # a cached verdict ends with its key
            assert time.monotonic() - removed_at < 1.0
            await asyncio.sleep(0.02)

        received = len(rig.upstream.requests)
        assert (await rig.call(known)).status == 401
        assert (await rig.call(rig.new_token())).status == 401
        assert len(rig.upstream.requests) == received


@asynccontextmanager
async def running_asking_rig(cache: str) -> AsyncIterator[EdgeRig]:
    """The same for a provider that is asked about every token."""
    with reserved_port() as port:
        async with (
            IssuerService() as service,
            RecordingUpstream() as upstream,
            TokenSigner() as signer,
            NetworkEdge(service.port) as edge,
        ):
            audience = f"http://127.0.0.1:{port}/mcp"
            service.scenes["/introspect"] = Scene(
                {"active": True, "sub": "ada", "aud": audience, "scope": "mcp:read"}
            )
            client = f"client_id: gw, client_secret: s3cret, timeout: 300ms, cache: {cache}"
            issuer = f'jwt: false, introspection: {{url: "{edge.url}/introspect", {client}}}'
            config = full_config(port, upstream.url, service.url, FullKeys(issuer))
            async with running_gateway(config) as gateway:
                yield EdgeRig(gateway, edge, signer, upstream)


@pytest.mark.requirement("N7", "121", "122")
@pytest.mark.parametrize("state", ["cut", "silent"])
async def test_nobody_is_let_in_by_an_introspection_that_fails(state: State) -> None:
    async with running_asking_rig("60s") as rig:
        assert (await rig.call("known")).status == 200
        await rig.edge.change(state)
        connected = rig.edge.connected
        took: list[float] = []
        for number in range(8):
            begun = time.monotonic()
            answer = await rig.call(f"new-{number}")
            took.append(time.monotonic() - begun)
            assert answer.status == 503
            assert int(answer.value("Retry-After") or 0) >= 1
            assert (await rig.call("known")).status == 200

        assert max(took) < 2 * 0.3 + 0.2  # what would open the circuit is tried out first
        assert max(took[5:]) < 0.1  # the circuit is open
        assert rig.edge.connected - connected <= 5 + 1  # one that confirms the last failure
        assert len(rig.upstream.requests) == 1 + 8

        await rig.edge.change("open")
        mended_at = time.monotonic()
        while (await rig.call("new")).status != 200:  # when one try has succeeded
            assert time.monotonic() - mended_at < LIMIT_S
            await asyncio.sleep(0.05)
