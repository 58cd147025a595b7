"""A second generation of one process: what lives on, and what does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.app.carrying import open_carried
from gateway.app.generation.generation import Generation, build
from gateway.app.generation.parts import Carried
from gateway.app.record import open_observers
from gateway.app.revoking import Enforcement
from gateway.config.load import review_text
from gateway.config.model import Config
from gateway.errors import RateLimited, UnknownSession
from gateway.http.message_head import values_of
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.proxy.gate.gate import Gate
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Route
from gateway.proxy.limits.caller import CallerAtAddress
from tests.support.heads import head
from tests.support.recording_upstream import RecordingUpstream
from tests.support.token_signer import TokenSigner
from tests.unit.proxy.sending import delivery

HERE = "192.0.2.1"
ADA = Principal("https://idp.example.com", "ada", "cli")
CALL = [Message("request", "tools/call", 1, "a", target="tool")]
TEXT = """\
public_url: https://mcp.example.com
state_dir: {state}
issuers: {{corp: {{issuer: "{issuer}", clock_skew: {skew}}}}}
servers:
  mcp:
    upstream: {upstream}
    allow: {allow}
    sessions: {{idle: {idle}}}
    auth: {{dpop: {{mode: allowed, max_age: {max_age}}}}}
    limits: {{per_principal: {rate}, concurrent: {concurrent}}}
{more}
"""
OTHER = "  mail: {path: /mail, upstream: 'http://127.0.0.1:9/mcp', allow: any}"


@dataclass
class Process:
    """What starts one generation after the other."""

    carried: Carried
    group: asyncio.TaskGroup
    stack: AsyncExitStack
    folder: Path
    issuer: str

    def config(self, **changes: object) -> Config:
        said: dict[str, object] = {
            "state": self.folder,
            "issuer": self.issuer,
            "skew": "60s",
            "allow": "any",
            "idle": "1h",
            "max_age": "60s",
            "rate": "1/h",
            "concurrent": 1,
            "more": "",
            "upstream": "http://127.0.0.1:9/mcp",
        }
        found = review_text(TEXT.format(**(said | changes)), self.folder, {}, "config.yaml")
        assert found.config is not None, found.problems
        return found.config

    async def generation(self, before: Generation | None = None, **changes: object) -> Generation:
        carried = self.carried if before is None else before.carried
        built = await build(self.config(**changes), carried, self.group, self.stack)
        for sources in built.issuers.sources.values():
            await sources.fetch_first()
        return built


@asynccontextmanager
async def starting(folder: Path, issuer: str) -> AsyncIterator[Process]:
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        process = Process(None, group, stack, folder, issuer)  # type: ignore[arg-type]  # see below
        config = process.config()
        observers = await stack.enter_async_context(open_observers(config))
        process.carried = await open_carried(config, observers, Enforcement(), group, stack)
        yield process


@pytest.fixture
async def process(tmp_path: Path, signer: TokenSigner) -> AsyncIterator[Process]:
    async with starting(tmp_path, signer.issuer) as started:
        yield started


def begin_session(route: Route) -> str:
    caller = CallerAtAddress(ADA, HERE)
    answer = delivery([(b"Mcp-Session-Id", b"s1")])
    sealed = route.live.sessions.seal_answer(answer, None, caller, head(), CALL)
    return values_of(sealed.headers, b"mcp-session-id")[0].decode()


async def test_sessions_live_on_under_the_new_settings(process: Process) -> None:
    first = await process.generation()
    value = begin_session(first.servers["mcp"])
    sent = head(headers=[("Mcp-Session-Id", value)])

    second = await process.generation(first, idle="2h")
    (session,) = second.servers["mcp"].live.sessions
    second.servers["mcp"].live.sessions.end(session, "admin")

    with pytest.raises(UnknownSession):
        first.servers["mcp"].live.sessions.find(sent, CallerAtAddress(ADA, HERE), CALL)


async def test_what_callers_have_used_counts_on_while_a_limit_stays(process: Process) -> None:
    first = await process.generation()
    await first.servers["mcp"].live.limits.spend(ADA, HERE, None, CALL)

    same = await process.generation(first, allow="{subjects: [ada]}")
    other = await process.generation(first, rate="2/h")

    with pytest.raises(RateLimited):
        await same.servers["mcp"].live.limits.spend(ADA, HERE, None, CALL)
    await other.servers["mcp"].live.limits.spend(ADA, HERE, None, CALL)


async def test_what_is_under_way_counts_on_and_ends_in_both(process: Process) -> None:
    first = await process.generation()
    using = first.servers["mcp"].live.limits.enter(ADA, HERE, "POST")

    second = await process.generation(first, concurrent=2)
    limits = second.servers["mcp"].live.limits
    limits.enter(ADA, HERE, "POST")
    with pytest.raises(RateLimited):
        limits.enter(ADA, HERE, "POST")
    using.end()

    limits.enter(ADA, HERE, "POST")


@pytest.mark.parametrize("max_age", ["60s", "10s", "300s"])
async def test_a_proof_that_was_used_is_used(process: Process, max_age: str) -> None:
    first = await process.generation()
    caller = (ADA.issuer, ADA.subject)
    assert first.servers["mcp"].possession.replays.is_new(caller, "key", "proof")

    second = await process.generation(first, max_age=max_age)

    assert not second.servers["mcp"].possession.replays.is_new(caller, "key", "proof")


@pytest.mark.parametrize(
    ("changes", "is_known"),
    [
        ({}, True),
        ({"allow": "{subjects: [bob]}", "rate": "9/s", "more": OTHER}, True),
        ({"skew": "10s"}, False),
        ({"issuer": "https://other.example.com"}, False),
    ],
)
async def test_a_verdict_lives_on_while_its_checks_stay_the_same(
    process: Process, signer: TokenSigner, changes: dict[str, object], *, is_known: bool
) -> None:
    first = await process.generation()
    token = signer.token("https://mcp.example.com/mcp")
    now = process.carried.around.clocks.wall()
    await first.servers["mcp"].authenticator.authenticate(token, now)

    second = await build(process.config(**changes), first.carried, process.group, process.stack)

    known = second.servers["mcp"].authenticator.cached(token, now)
    assert (known is not None) is is_known


async def test_the_numbers_of_a_server_that_stays_go_on(process: Process) -> None:
    first = await process.generation()
    first.servers["mcp"].live.metrics.in_flight += 1

    second = await process.generation(first, more=OTHER)

    assert second.servers["mcp"].live.metrics is first.servers["mcp"].live.metrics
    assert second.servers["mail"].live.metrics.in_flight == 0


async def test_building_changes_nothing_of_what_serves(process: Process) -> None:
    first = await process.generation()
    first.tell_metrics()
    begin_session(first.servers["mcp"])
    asked = first.servers["mcp"].live.metrics.sessions_open

    second = await process.generation(first)

    assert first.servers["mcp"].live.metrics.sessions_open is asked
    assert len(first.servers["mcp"].live.sessions) == len(second.servers["mcp"].live.sessions) == 1
    assert first.carried.servers.keys() == {"mcp"}
    assert first.pools["mcp"] is not second.pools["mcp"]


async def test_one_assignment_puts_a_generation_to_work(
    tmp_path: Path, signer: TokenSigner
) -> None:
    """A connection that repeats its head meets the new one, too."""
    async with starting(tmp_path, signer.issuer) as process, RecordingUpstream() as upstream:
        first = await process.generation(upstream=upstream.url)
        gate = Gate(first.matcher, lambda record: None)
        sent = head(method="OPTIONS")
        before = gate.matcher.match(sent, RequestRecord("OPTIONS"))

        gate.matcher = (await process.generation(first)).matcher

        after = gate.matcher.match(sent, RequestRecord("OPTIONS"))
        assert before is not None
        assert after is not None
        assert before.route is not after.route
