"""A session of its own for a caller who logs in within one that was begun without a token.

The older revisions begin with a handshake, and a client keeps the session of it when a later call
makes it log in. What was begun without a token stays shut for it (attack S7): anybody may have
begun it. So the gateway shakes hands with the server once more, as the caller, and from then on the
value that the client holds stands, for this caller alone, for the session that this gives.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from gateway.errors import UnknownSession
from gateway.http.head import Head
from gateway.http.message_head import NO_LINES, join_lines, values_of
from gateway.http.status import FIRST_ERROR
from gateway.mcp.message import Message
from gateway.mcp.session_id import parse_session_id
from gateway.proxy.limits.caller import CallerAtAddress, caller_of
from gateway.proxy.outgoing.header_source import HeaderSource, OutgoingCall, collect_lines
from gateway.proxy.sessions.session import Session
from gateway.proxy.sessions.sessions import HEADER, Sessions
from gateway.proxy.upstream.forward import Forwarder, RequestContext
from gateway.proxy.upstream.response import Delivery, UpstreamResponse
from gateway.resilience.single_flight import SingleFlight
from gateway.resilience.time_limit import time_limit

_NAME = HEADER.lower().encode()
_MAX_GREETINGS = 1000
_MAX_GREETING_BYTES = 8 * 1024
_ANSWER_WITHIN_S = 10.0
_OLDEST = "2025-03-26"  # what no version header means: MCP 2025-11-25, Protocol Version Header
_INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'


class LoginInSession(NamedTuple):
    """Who has logged in, and with which request."""

    caller: CallerAtAddress
    head: Head
    token: str | None
    began_at: float
    context: RequestContext


class Rehandshake:
    """The second handshakes of one server."""

    def __init__(
        self,
        sessions: Sessions,
        forwarder: Forwarder,
        header_sources: Sequence[HeaderSource],
        flights: SingleFlight,
    ) -> None:
        self._sessions = sessions
        self._forwarder = forwarder
        self._header_sources = header_sources
        self._flights = flights
        # What clients without a token said of themselves, by the value that they were given.
        self._greetings: OrderedDict[str, bytes] = OrderedDict()

    def remember(self, delivery: Delivery, messages: Sequence[Message], greeting: bytes) -> None:
        """Keep the handshake of a client without a token, by the value that it is given."""
        given = values_of(delivery.headers, _NAME)
        is_greeting = len(messages) == 1 and messages[0].method == "initialize"
        if given and is_greeting and len(greeting) <= _MAX_GREETING_BYTES:
            self._greetings[given[0].decode()] = greeting
            if len(self._greetings) > _MAX_GREETINGS:
                self._greetings.popitem(last=False)

    async def begin(self, login: LoginInSession) -> Session:
        """Shake hands as this caller, once for all its requests that wait for it.

        Raises `UnknownSession` when the server does not want to, and `UpstreamError`.
        """
        value = login.head.headers[HEADER]
        key = (self, value, caller_of(login.caller.principal))
        return await self._flights.join(key, lambda: self._begin(login, value))

    async def _begin(self, login: LoginInSession, value: str) -> Session:
        greeting = self._greetings.get(value) or _own_greeting(login.head)
        answer = await self._send(login, greeting)
        given = parse_session_id(values_of(answer.headers, _NAME))
        if answer.status >= FIRST_ERROR or given is None:
            raise UnknownSession("There is no such session.")
        session = self._sessions.bind_successor(value, given, login.caller)
        await self._send(login, _INITIALIZED, session)
        return session

    async def _send(
        self, login: LoginInSession, body: bytes, session: Session | None = None
    ) -> UpstreamResponse:
        principal = login.caller.principal
        call = OutgoingCall(
            principal,
            login.token,
            None,
            body,
            login.began_at,
            session=None if session is None else session.upstream_id,
        )
        session_line = NO_LINES if session is None else session.line
        lines = join_lines([session_line, await collect_lines(self._header_sources, call)])
        delivery = await self._forwarder.send(login.head, principal, body, login.context, lines)
        await _drain(delivery.response)
        return delivery.response


async def _drain(response: UpstreamResponse) -> None:
    """Read until the server has answered; one that keeps the stream open has done so as well."""
    with suppress(TimeoutError):
        async with time_limit(_ANSWER_WITHIN_S):
            while response.body is None and await response.read():
                pass
    response.close()


def _own_greeting(head: Head) -> bytes:
    """For a client whose own is not known any more: it offers the server nothing."""
    params: Mapping[str, object] = {
        "protocolVersion": head.headers.get("MCP-Protocol-Version", _OLDEST),
        "capabilities": {},
        "clientInfo": {"name": "mcp-auth-gateway", "version": "1"},
    }
    return msgspec.json.encode(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    )
