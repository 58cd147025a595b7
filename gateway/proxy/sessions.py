"""Sessions of the older revisions, bound to the caller they were given to: MCP, Session Management.

The client holds the upstream's session id sealed for this caller and this server, so nobody else's
value opens, no store is needed, and every replica with the same key understands it. What is
remembered here is only for lifetimes, caps and the audit log.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from gateway.config.model import Sessions as SessionSettings
from gateway.errors import TooManySessions, UnknownSession
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.mcp.revisions import mirrors_headers
from gateway.observability.session_event import SessionEnded, SessionStarted
from gateway.proxy.forward import Delivery
from gateway.proxy.inbound import Head
from gateway.proxy.session import Seal

HEADER = "Mcp-Session-Id"
_NAME = b"mcp-session-id"
_MAX_REMEMBERED = 100_000
_MAX_ENDED = 10_000
_MAX_TOOLS = 100
_TIME_BYTES = 8
_VISIBLE = frozenset(range(0x21, 0x7F))  # MCP 2025-11-25, Session Management
_GONE = 404
_KNOWN_TO_THE_SERVER = frozenset({"client", "upstream"})

Caller = tuple[str, str, str | None] | None
OnEvent = Callable[[SessionStarted | SessionEnded], None]


@dataclass(slots=True)
class Session:
    """One session: the upstream's id, the sealed one, whose it is, and what was done in it.

    Times in Unix seconds. `name` is a short name for logs and the admin listener.
    """

    upstream_id: bytes
    sealed: str
    caller: Caller
    name: str
    started_at: float
    seen_at: float
    requests: int = 0
    tools: set[str] = field(default_factory=set)

    @property
    def line(self) -> bytes:
        """The header line for the upstream."""
        return b"Mcp-Session-Id: " + self.upstream_id + b"\r\n"


class Sessions:
    """The sessions of one server, as far as this process has seen them.

    `on_abandoned` is told the server's id of a session that it does not know to be over, and the
    reason.
    """

    def __init__(
        self,
        server: str,
        seal: Seal,
        settings: SessionSettings,
        on_event: OnEvent,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._server = server
        self._purpose = f"mcp-session:{server}"
        self._seal = seal
        self._settings = settings
        self._on_event = on_event
        self._clock = clock
        self._known: OrderedDict[str, Session] = OrderedDict()  # longest unused first
        self._ended: OrderedDict[str, None] = OrderedDict()
        self.on_abandoned: Callable[[bytes, str], None] = lambda upstream_id, reason: None

    def __len__(self) -> int:
        self._end_idle(self._clock())
        return len(self._known)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._known.values()))

    def enter(
        self, head: Head, principal: Principal | None, messages: Sequence[Message]
    ) -> Session | None:
        """The session that a request is part of; None without one.

        Raises `UnknownSession` for any value that this caller was not given, `TooManySessions`
        for a handshake of a caller who has as many as may be.
        """
        now = self._clock()
        self._end_idle(now)
        for message in messages:
            if message.method == "initialize":
                self._check_cap(caller_of(principal))
        values = head.headers.getall(HEADER, ())
        if not values or _knows_no_sessions(head, messages):
            return None
        session = self._open(values, principal, now)
        session.seen_at = now
        session.requests += 1
        self._known.move_to_end(session.sealed)
        for message in messages:
            if message.target == "tool" and message.name and len(session.tools) < _MAX_TOOLS:
                session.tools.add(message.name)
        return session

    def leave(
        self,
        delivery: Delivery,
        session: Session | None,
        principal: Principal | None,
        head: Head,
        messages: Sequence[Message],
    ) -> Delivery:
        """The answer, with a sealed id where the upstream gave one."""
        if session is not None:
            if head.method == "DELETE" and delivery.response.status < 400:  # noqa: PLR2004
                self.end(session, "client")
            elif delivery.response.status == _GONE:
                self.end(session, "upstream")
        given = [value for name, value in delivery.headers if name.lower() == _NAME]
        if not given:
            return delivery
        headers = [each for each in delivery.headers if each[0].lower() != _NAME]
        if not _knows_no_sessions(head, messages) and _is_session_id(given):
            own = session if session and session.upstream_id == given[0] else None
            own = own or self._start(given[0], principal)
            headers.append((HEADER.encode(), own.sealed.encode()))
        return msgspec.structs.replace(delivery, headers=headers)

    def end(self, session: Session, reason: str) -> None:
        """Forget a session; its value is unknown from now on."""
        if self._known.pop(session.sealed, None) is None:
            return
        self._ended[session.sealed] = None
        if len(self._ended) > _MAX_ENDED:
            self._ended.popitem(last=False)
        if reason not in _KNOWN_TO_THE_SERVER:
            self.on_abandoned(session.upstream_id, reason)
        now = self._clock()
        self._on_event(
            SessionEnded(
                now,
                self._server,
                session.name,
                *_told(session.caller),
                reason,
                now - session.started_at,
                session.requests,
                tuple(sorted(session.tools)),
            )
        )

    def _open(self, values: Sequence[str], principal: Principal | None, now: float) -> Session:
        sealed = values[0]
        session = self._known.get(sealed)
        caller = caller_of(principal)
        if len(values) > 1 or sealed in self._ended:
            raise _unknown()
        if session is None:
            session = self._unseal(sealed, principal, now)
            self._remember(session)
        if session.caller != caller:
            raise _unknown()
        if now - session.started_at >= self._settings.lifetime:
            self.end(session, "lifetime")
            raise _unknown()
        return session

    def _unseal(self, sealed: str, principal: Principal | None, now: float) -> Session:
        """A session that another replica, or this process before it was restarted, has begun."""
        opened = self._seal.open(sealed, principal, self._purpose)
        if opened is None:
            raise _unknown()
        started_at = int.from_bytes(opened[:_TIME_BYTES]) / 1000
        upstream_id = opened[_TIME_BYTES:]
        return Session(
            upstream_id, sealed, caller_of(principal), _short(upstream_id), started_at, now
        )

    def _start(self, upstream_id: bytes, principal: Principal | None) -> Session:
        now = self._clock()
        value = int(now * 1000).to_bytes(_TIME_BYTES) + upstream_id
        sealed = self._seal.close(value, principal, self._purpose)
        caller = caller_of(principal)
        session = Session(upstream_id, sealed, caller, _short(upstream_id), now, now)
        self._remember(session)
        self._on_event(SessionStarted(now, self._server, session.name, *_told(caller)))
        return session

    def _remember(self, session: Session) -> None:
        self._known[session.sealed] = session
        if len(self._known) > _MAX_REMEMBERED:
            self._known.popitem(last=False)

    def _check_cap(self, caller: Caller) -> None:
        own = sum(1 for each in self._known.values() if each.caller == caller)
        if own >= self._settings.per_principal:
            raise TooManySessions("You have too many sessions: end one, or wait until one is idle.")

    def _end_idle(self, now: float) -> None:
        while self._known:
            oldest = next(iter(self._known.values()))
            if now - oldest.seen_at < self._settings.idle:
                return
            self.end(oldest, "idle")


def caller_of(principal: Principal | None) -> Caller:
    """Whose a session is. One client id is shared by many users (attack S7)."""
    if principal is None:
        return None
    return principal.issuer, principal.subject, principal.client_id


def _knows_no_sessions(head: Head, messages: Sequence[Message]) -> bool:
    """2026-07-28 has none: nothing is minted, and what is sent means nothing (Transports)."""
    if mirrors_headers(head.headers.get("MCP-Protocol-Version")):
        return True
    for message in messages:  # noqa: SIM110  # a generator costs 1 µs a request
        if mirrors_headers(message.revision):
            return True
    return False


def _is_session_id(given: Sequence[bytes]) -> bool:
    return len(given) == 1 and bool(given[0]) and _VISIBLE.issuperset(given[0])


def _short(upstream_id: bytes) -> str:
    return hashlib.blake2b(upstream_id, digest_size=6).hexdigest()


def _told(caller: Caller) -> tuple[str | None, str | None, str | None]:
    if caller is None:
        return None, None, None
    issuer, subject, client_id = caller
    return subject, issuer, client_id


def _unknown() -> UnknownSession:
    return UnknownSession("There is no such session.")
