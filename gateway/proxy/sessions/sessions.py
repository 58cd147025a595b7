"""Sessions of the older revisions, bound to the caller they were given to: MCP, Session Management.

The client holds the upstream's session id sealed for this caller and this server, so nobody else's
value opens, no store is needed, and every replica with the same key understands it. What is
remembered here is only for lifetimes, caps and the audit log.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from operator import attrgetter

import msgspec

from gateway.config.model import Sessions as SessionSettings
from gateway.errors import UnknownSession
from gateway.http.head import Head
from gateway.http.message_head import values_of, without
from gateway.http.status import FIRST_ERROR
from gateway.identity.principal import owner_of
from gateway.mcp.message import Message
from gateway.mcp.revisions import mirrors_headers
from gateway.mcp.session_id import parse_session_id
from gateway.observability.audit.session_event import SessionEnded, SessionStarted
from gateway.proxy.limits.caller import Caller, CallerAtAddress, caller_of
from gateway.proxy.sessions.ended_sessions import EndedSessions
from gateway.proxy.sessions.session import Session
from gateway.proxy.upstream.response import Delivery
from gateway.sealing.seal import Binding, Seal

HEADER = "Mcp-Session-Id"
_NAME = b"mcp-session-id"
_MAX_REMEMBERED = 100_000
_MAX_SUCCESSORS = 10_000
_PURPOSE = "mcp-session"
_MAX_TOOLS = 100
_GONE = 404
_KNOWN_TO_THE_SERVER = frozenset({"client", "upstream"})

OnEvent = Callable[[SessionStarted | SessionEnded], None]


class Sessions:
    """The sessions of one server, as far as this process has seen them.

    `on_abandoned` is told the server's id of a session that it does not know to be over, and the
    reason. The sessions of `before`, which had other settings, are these.
    """

    def __init__(
        self,
        server: str,
        seal: Seal,
        settings: SessionSettings,
        on_event: OnEvent,
        clock: Callable[[], float] = time.time,
        before: "Sessions | None" = None,
    ) -> None:
        self._server = server
        self._seal = seal
        self._settings = settings
        self._on_event = on_event
        self._clock = clock
        self._known: OrderedDict[str, Session] = OrderedDict()  # longest unused first
        self._owned: dict[Hashable, set[str]] = {}
        self._ended = EndedSessions()
        # By a stranger's value and the caller: the value of the caller's own session.
        self._successors: OrderedDict[tuple[str, Caller], str] = OrderedDict()
        if before is not None:
            self._known, self._owned = before._known, before._owned
            self._ended, self._successors = before._ended, before._successors
        self.on_abandoned: Callable[[bytes, str], None] = lambda upstream_id, reason: None

    def __len__(self) -> int:
        self._end_idle(self._clock())
        return len(self._known)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._known.values()))

    def find(
        self, head: Head, caller: CallerAtAddress, messages: Sequence[Message]
    ) -> Session | None:
        """The session that a request is part of; None without one.

        Raises `UnknownSession` for any value that this caller was not given.
        """
        now = self._clock()
        self._end_idle(now)
        values = head.headers.getall(HEADER, ())
        if not values or _knows_no_sessions(head, messages):
            return None
        session = self._open(values, caller, now)
        session.seen_at = now
        session.requests += 1
        self._known.move_to_end(session.sealed)
        for message in messages:
            if message.target == "tool" and message.name and len(session.tools) < _MAX_TOOLS:
                session.tools.add(message.name)
        return session

    def is_strangers(
        self, head: Head, caller: CallerAtAddress, messages: Sequence[Message]
    ) -> bool:
        """Whether a caller with a token posts in a session that was begun without one."""
        values = head.headers.getall(HEADER, ())
        if caller.principal is None or not values or head.method != "POST":
            return False
        known = self._known.get(values[0])
        is_own = known is not None and known.caller is not None
        has_own = (values[0], caller_of(caller.principal)) in self._successors
        if is_own or has_own or _knows_no_sessions(head, messages):
            return False
        try:
            self._open(values, CallerAtAddress(None, caller.address), self._clock())
        except UnknownSession:
            return False
        return True

    def bind_successor(self, value: str, upstream_id: bytes, caller: CallerAtAddress) -> Session:
        """Let a stranger's value stand, for this caller alone, for a new session of its own."""
        session = self._start(upstream_id, caller)
        self._successors[value, session.caller] = session.sealed
        if len(self._successors) > _MAX_SUCCESSORS:
            self._successors.popitem(last=False)
        return session

    def seal_answer(
        self,
        delivery: Delivery,
        session: Session | None,
        caller: CallerAtAddress,
        head: Head,
        messages: Sequence[Message],
    ) -> Delivery:
        """The answer, with a sealed id where the upstream gave one.

        An error begins no session, although the servers of some SDKs name one in it: a caller
        who forgets the handshake would fill the list of sessions with what nobody can use.
        """
        succeeded = delivery.response.status < FIRST_ERROR
        if session is not None:
            if head.method == "DELETE" and succeeded:
                self.end(session, "client")
            elif delivery.response.status == _GONE:
                self.end(session, "upstream")
        facts = delivery.response.head.facts
        if facts.get(_NAME) == ():
            return delivery
        given = values_of(delivery.headers, _NAME)
        if not given:
            facts[_NAME] = ()
            return delivery
        headers = without(delivery.headers, {_NAME})
        upstream_id = parse_session_id(given)
        if upstream_id is not None and not _knows_no_sessions(head, messages):
            own = session if session and session.upstream_id == upstream_id else None
            if own is None and succeeded:
                own = self._start(upstream_id, caller)
            if own is not None:
                headers.append((HEADER.encode(), own.sealed.encode()))
        return msgspec.structs.replace(delivery, headers=headers)

    def end(self, session: Session, reason: str) -> None:
        """Forget a session; its value is unknown from now on."""
        if session.sealed not in self._known:
            return
        self._forget(session)
        self._ended.add(session.sealed, session.caller, session.started_at)
        if reason not in _KNOWN_TO_THE_SERVER:
            self.on_abandoned(session.upstream_id, reason)
        self._on_event(session.ending(self._server, reason, self._clock()))

    def _open(self, values: Sequence[str], caller: CallerAtAddress, now: float) -> Session:
        sealed = values[0]
        if self._successors:
            sealed = self._successors.get((sealed, caller_of(caller.principal)), sealed)
        session = self._known.get(sealed)
        if len(values) > 1:
            raise _unknown()
        if session is None:
            session = self._unseal(sealed, caller, now)
            if self._ended.has(sealed, session.caller, session.started_at):
                raise _unknown()
            self._remember(session)
        if session.caller != caller_of(caller.principal):
            raise _unknown()
        if now - session.started_at >= self._settings.lifetime:
            self.end(session, "lifetime")
            raise _unknown()
        return session

    def _unseal(self, sealed: str, caller: CallerAtAddress, now: float) -> Session:
        """A session that another replica, or this process before it was restarted, has begun."""
        opened = self._seal.open(sealed, self._binding(caller), now, self._settings.lifetime)
        upstream_id = parse_session_id([opened.value]) if opened is not None else None
        if opened is None or upstream_id is None:
            raise _unknown()
        return _session(upstream_id, sealed, caller, opened.sealed_at, now)

    def _start(self, upstream_id: bytes, caller: CallerAtAddress) -> Session:
        now = self._clock()
        sealed = self._seal.close(upstream_id, self._binding(caller), now)
        session = _session(upstream_id, sealed, caller, now, now)
        self._remember(session)
        self._on_event(session.beginning(self._server))
        self._make_room(session)
        return session

    def _binding(self, caller: CallerAtAddress) -> Binding:
        return Binding(_PURPOSE, self._server, owner_of(caller.principal))

    def _make_room(self, newest: Session) -> None:
        own = self._owned[newest.counted_as]
        while len(own) > self._settings.per_principal:
            others = [self._known[sealed] for sealed in own if sealed != newest.sealed]
            self.end(min(others, key=attrgetter("seen_at")), "cap")

    def _remember(self, session: Session) -> None:
        self._known[session.sealed] = session
        self._owned.setdefault(session.counted_as, set()).add(session.sealed)
        if len(self._known) > _MAX_REMEMBERED:
            self._forget(next(iter(self._known.values())))

    def _forget(self, session: Session) -> None:
        del self._known[session.sealed]
        own = self._owned[session.counted_as]
        own.discard(session.sealed)
        if not own:
            del self._owned[session.counted_as]

    def _end_idle(self, now: float) -> None:
        while self._known:
            oldest = next(iter(self._known.values()))
            if now - oldest.seen_at < self._settings.idle:
                return
            self.end(oldest, "idle")


def _session(
    upstream_id: bytes, sealed: str, caller: CallerAtAddress, started_at: float, now: float
) -> Session:
    owner, name = caller_of(caller.principal), _short(upstream_id)
    return Session(upstream_id, sealed, owner, caller.counted_as, name, started_at, now)


def _knows_no_sessions(head: Head, messages: Sequence[Message]) -> bool:
    """2026-07-28 has none: nothing is minted, and what is sent means nothing (Transports)."""
    if mirrors_headers(head.headers.get("MCP-Protocol-Version")):
        return True
    for message in messages:  # noqa: SIM110  # a generator costs 1 µs a request
        if mirrors_headers(message.revision):
            return True
    return False


def _short(upstream_id: bytes) -> str:
    return hashlib.blake2b(upstream_id, digest_size=6).hexdigest()


def _unknown() -> UnknownSession:
    return UnknownSession("There is no such session.")
