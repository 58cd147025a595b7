"""Whose a session is, how long it lives, and what the client holds of it."""

from collections.abc import Sequence

import pytest

from gateway.config.model import Sessions as SessionSettings
from gateway.errors import UnknownSession
from gateway.http.message_head import Field, values_of
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.observability.audit.session_event import SessionEnded, SessionStarted
from gateway.proxy.limits.caller import CallerAtAddress
from gateway.proxy.sessions.session import Session
from gateway.proxy.sessions.sessions import Sessions
from gateway.sealing.seal import Seal
from tests.support.hand_clock import HandClock
from tests.support.heads import head
from tests.unit.proxy.sending import delivery

ADA = CallerAtAddress(Principal("https://idp.example", "ada", "cli"), "192.0.2.1")
EVE = CallerAtAddress(Principal("https://idp.example", "eve", "cli"), "192.0.2.1")
NOBODY = CallerAtAddress(None, "192.0.2.1")
CALL = [Message("request", "tools/call", 1, "read", target="tool")]
KEY = b"k" * 32


class World:
    """The sessions of one server, and what was told of them."""

    def __init__(self, clock: HandClock, **settings: float) -> None:
        self.clock = clock
        self.events: list[SessionStarted | SessionEnded] = []
        self.settings = SessionSettings(**settings)
        self.sessions = self.replica()

    def replica(self, server: str = "files") -> Sessions:
        return Sessions(
            server, Seal(KEY), self.settings, self.events.append, lambda: self.clock.wall
        )

    def begin(self, caller: CallerAtAddress = ADA, upstream_id: bytes = b"s1") -> str:
        """What the client is given by a handshake."""
        return self.answer([(b"mcp-session-id", upstream_id)], caller)[0].decode()

    def answer(
        self, headers: Sequence[Field], caller: CallerAtAddress = ADA, status: int = 200
    ) -> list[bytes]:
        answered = self.sessions.seal_answer(
            delivery(headers, status), None, caller, head(), [Message("request", "initialize", 1)]
        )
        return values_of(answered.headers, b"mcp-session-id")

    def find(self, value: str, caller: CallerAtAddress = ADA) -> Session | None:
        return find(self.sessions, value, caller)


def find(sessions: Sessions, value: str, caller: CallerAtAddress = ADA) -> Session | None:
    return sessions.find(head(headers=[("Mcp-Session-Id", value)]), caller, CALL)


@pytest.fixture
def world(clock: HandClock) -> World:
    return World(clock)


def test_the_client_never_sees_the_servers_own_id(world: World) -> None:
    value = world.begin(upstream_id=b"the-servers-own")

    assert "the-servers-own" not in value
    session = world.find(value)
    assert session is not None
    assert session.line == b"Mcp-Session-Id: the-servers-own\r\n"


@pytest.mark.requirement("S7")
@pytest.mark.parametrize(
    "other", [EVE, NOBODY, CallerAtAddress(Principal("https://idp.example", "ada", "x"), "::1")]
)
def test_a_session_is_unknown_to_everybody_but_its_caller(
    world: World, other: CallerAtAddress
) -> None:
    value = world.begin()

    with pytest.raises(UnknownSession):
        world.find(value, other)


def test_another_replica_knows_the_session_and_another_server_does_not(world: World) -> None:
    value = world.begin()

    assert find(world.replica(), value) is not None
    with pytest.raises(UnknownSession):
        find(world.replica("mail"), value)


def test_a_caller_keeps_the_session_at_another_address(world: World) -> None:
    value = world.begin()

    assert world.find(value, ADA._replace(address="2001:db8::1")) is not None


@pytest.mark.parametrize("values", [["x", "y"], ["forged"], [""]])
def test_what_was_not_given_to_the_caller_is_unknown(world: World, values: list[str]) -> None:
    sent = [("Mcp-Session-Id", value) for value in values]

    with pytest.raises(UnknownSession):
        world.sessions.find(head(headers=sent), ADA, CALL)


def test_two_values_are_unknown_even_when_the_first_is_good(world: World) -> None:
    sent = [("Mcp-Session-Id", world.begin()), ("Mcp-Session-Id", "x")]

    with pytest.raises(UnknownSession):
        world.sessions.find(head(headers=sent), ADA, CALL)


def test_what_is_done_in_a_session_is_counted(world: World) -> None:
    value = world.begin()
    world.find(value)
    session = world.find(value)

    assert session is not None
    assert (session.requests, session.tools) == (2, {"read"})


def test_an_error_begins_no_session(world: World) -> None:
    assert world.answer([(b"Mcp-Session-Id", b"s1")], status=400) == []
    assert len(world.sessions) == 0


def test_a_revision_without_sessions_gets_none(world: World) -> None:
    modern = head(headers=[("MCP-Protocol-Version", "2026-07-28")])
    answered = world.sessions.seal_answer(
        delivery([(b"Mcp-Session-Id", b"s1")]), None, ADA, modern, CALL
    )

    assert values_of(answered.headers, b"mcp-session-id") == []
    assert len(world.sessions) == 0


def test_a_session_that_nobody_uses_ends(clock: HandClock) -> None:
    world = World(clock, idle=60.0)
    value = world.begin()

    clock.advance(60.0)

    assert len(world.sessions) == 0
    with pytest.raises(UnknownSession):
        world.find(value)


def test_a_session_ends_with_its_lifetime_however_much_it_is_used(clock: HandClock) -> None:
    world = World(clock, idle=100.0, lifetime=150.0)
    value = world.begin()
    for _ in range(2):
        clock.advance(70.0)
        assert world.find(value) is not None
    clock.advance(10.0)

    with pytest.raises(UnknownSession):
        world.find(value)


def test_what_ended_here_stays_over_although_its_seal_opens(world: World) -> None:
    value = world.begin()
    session = world.find(value)
    assert session is not None

    world.sessions.end(session, "admin")

    with pytest.raises(UnknownSession):
        world.find(value)


@pytest.mark.parametrize(("reason", "told"), [("admin", [b"s1"]), ("client", [])])
def test_the_server_is_told_of_an_end_that_it_does_not_know(
    world: World, reason: str, told: list[bytes]
) -> None:
    abandoned: list[bytes] = []
    world.sessions.on_abandoned = lambda upstream_id, _: abandoned.append(upstream_id)
    session = world.find(world.begin())
    assert session is not None

    world.sessions.end(session, reason)

    assert abandoned == told


def test_the_longest_unused_of_a_callers_sessions_makes_room(clock: HandClock) -> None:
    world = World(clock, per_principal=2)
    first, second = world.begin(upstream_id=b"1"), world.begin(upstream_id=b"2")
    clock.advance(1.0)
    world.find(first)

    world.begin(upstream_id=b"3")

    assert world.find(first) is not None
    with pytest.raises(UnknownSession):
        world.find(second)


def test_a_crowded_caller_takes_no_room_from_others(clock: HandClock) -> None:
    world = World(clock, per_principal=1)
    eves = world.begin(EVE, b"e")

    for number in range(3):
        world.begin(ADA, b"%d" % number)

    assert world.find(eves, EVE) is not None


def test_begin_and_end_are_told_with_the_caller_and_the_reason(world: World) -> None:
    session = world.find(world.begin())
    assert session is not None
    world.sessions.end(session, "admin")

    began, ended = world.events
    assert isinstance(began, SessionStarted)
    assert isinstance(ended, SessionEnded)
    assert (began.subject, ended.subject, ended.reason) == ("ada", "ada", "admin")
    assert began.session == ended.session == session.name


def test_a_delete_that_the_server_takes_ends_the_session(world: World) -> None:
    session = world.find(world.begin())

    world.sessions.seal_answer(delivery([]), session, ADA, head("DELETE"), [])

    assert len(world.sessions) == 0


def test_a_session_that_the_server_forgot_ends_here_too(world: World) -> None:
    session = world.find(world.begin())

    world.sessions.seal_answer(delivery([], 404), session, ADA, head(), CALL)

    assert len(world.sessions) == 0


@pytest.mark.requirement("S7")
def test_a_strangers_session_stands_for_a_callers_own_once_that_is_bound(world: World) -> None:
    value = world.begin(NOBODY)
    sent = head(headers=[("Mcp-Session-Id", value)])
    assert world.sessions.is_strangers(sent, ADA, CALL)

    world.sessions.bind_successor(value, b"adas", ADA)

    session = world.find(value, ADA)
    assert session is not None
    assert session.upstream_id == b"adas"
    assert not world.sessions.is_strangers(sent, ADA, CALL)
    strangers = world.find(value, NOBODY)
    assert strangers is not None
    assert strangers.upstream_id == b"s1"


@pytest.mark.requirement("S7")
def test_a_callers_session_is_no_strangers(world: World) -> None:
    sent = head(headers=[("Mcp-Session-Id", world.begin())])

    assert not world.sessions.is_strangers(sent, ADA, CALL)
    assert not world.sessions.is_strangers(sent, EVE, CALL)


@pytest.mark.requirement("S7")
def test_only_what_is_posted_can_be_a_login_in_a_strangers_session(world: World) -> None:
    sent = [("Mcp-Session-Id", world.begin(NOBODY))]

    assert not world.sessions.is_strangers(head("GET", headers=sent), ADA, [])
    assert not world.sessions.is_strangers(head("POST"), ADA, CALL)
    assert not world.sessions.is_strangers(head("POST", headers=sent), NOBODY, CALL)
