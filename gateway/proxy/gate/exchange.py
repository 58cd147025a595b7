"""What does the server answer? 502, 503, 504, 404 of sessions, 401 for a token that just ended."""

import time
from collections.abc import Sequence
from functools import partial

from gateway.config.own_tools import DECIDED_BY
from gateway.errors import GatewayError
from gateway.http.message_head import NO_LINES, Lines, join_lines
from gateway.http.reply import JSON, NO_STORE, Reply
from gateway.http.trace_fields import TraceFields
from gateway.mcp.answer import answer_in
from gateway.proxy.answers.answer_rewriter import AnswerRewriter, Change, rewrite_body
from gateway.proxy.gate.call import Answered, Asked
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.outgoing.header_source import OutgoingCall, collect_lines
from gateway.proxy.sessions.login_in_session import LoginInSession
from gateway.proxy.sessions.session import Session
from gateway.proxy.upstream.forward import RequestContext


def find_session(asked: Asked) -> Session | None:
    """The session that the request is part of; None without one, and before a second handshake.

    Raises `UnknownSession` for any value that this caller was not given.
    """
    if _logs_in_within_session(asked):
        return None
    call = asked.call
    return call.route.live.sessions.find(call.head, asked.caller, asked.operation.messages)


async def exchange(
    asked: Asked,
    session: Session | None,
    trace: TraceFields,
    record: RequestRecord,
) -> Answered:
    """Send the request to its server and take what it answers.

    Raises `UpstreamError`, `UnknownSession` when a server refuses a second handshake, and
    `InvalidToken` for a token that has expired, or was revoked, since it was accepted.
    """
    call, body, caller, rewriter = asked.call, asked.body, asked.caller, _rewriter(asked)
    route, messages = call.route, asked.operation.messages
    check = partial(check_again, asked)
    context = RequestContext(record.wire_id, call.address, trace.passed_on, check)
    if route.rehandshake is not None and _logs_in_within_session(asked):
        login = LoginInSession(
            caller, call.head, call.token, record.began_at, context._replace(check=None)
        )
        session = record.session = await route.rehandshake.begin(login)
    lines = session.line if session is not None else NO_LINES
    if route.header_sources:
        lines = await _with_sources(asked, session, lines, record.began_at)
    started = time.perf_counter()
    try:
        delivery = await route.forwarder.send(call.head, caller.principal, body, context, lines)
    finally:
        record.upstream_s = time.perf_counter() - started
    delivery = route.live.sessions.seal_answer(delivery, session, caller, call.head, messages)
    if route.rehandshake is not None and caller.principal is None:
        route.rehandshake.remember(delivery, messages, body)
    if rewriter is not None:
        delivery = await rewrite_body(delivery, rewriter)
    answered = Answered(asked, delivery, rewriter)
    if delivery.response.body is None:
        _check_stream(answered)
    return answered


async def answer_own(own: OwnTools, asked: Asked, client: Client, record: RequestRecord) -> None:
    """Answer a call of the gateway's own tools; the upstream hears nothing of it."""
    record.rule = DECIDED_BY
    batch = asked.body.lstrip()[:1] == b"["
    answer = await own.answer(asked, asked.operation, time.time(), batch=batch)
    record.status, record.bytes_out = 200, len(answer)
    record.answer = answer_in(answer)
    headers = [JSON, NO_STORE, (b"X-Request-Id", record.wire_id.encode()), *asked.call.cors]
    await client.send(Reply(200, headers, answer))


def check_again(asked: Asked) -> None:
    """Raise `InvalidToken` for a token that has expired, or was revoked, since it was accepted."""
    principal, slot = asked.principal, asked.call.slot
    if principal is not None and slot is not None:
        asked.call.route.authenticator.check_again(principal, time.time(), slot)


def _logs_in_within_session(asked: Asked) -> bool:
    route, head = asked.call.route, asked.call.head
    return route.rehandshake is not None and route.live.sessions.is_strangers(
        head, asked.caller, asked.operation.messages
    )


def _rewriter(asked: Asked) -> AnswerRewriter | None:
    """What changes the answer: the caller sees what it may call, and the gateway's own tools."""
    route, head, operation = asked.call.route, asked.call.head, asked.operation
    changes: Sequence[Change] = ()
    if route.authorization is not None:
        lists = route.authorization.lists(asked.principal, head.method, operation.messages)
        changes = () if lists is None else (lists.change,)
    if route.own_tools is not None:
        changes = route.own_tools.changes(asked.principal, head, operation, changes)
    return AnswerRewriter(changes) if changes else None


async def _with_sources(
    asked: Asked, session: Session | None, lines: Lines, began_at: float
) -> Lines:
    outgoing = OutgoingCall(
        asked.principal,
        asked.token,
        asked.operation,
        asked.body,
        began_at,
        asked.call.head.method,
        None if session is None else session.upstream_id,
    )
    return join_lines([lines, await collect_lines(asked.call.route.header_sources, outgoing)])


def _check_stream(answered: Answered) -> None:
    # What was revoked while the server thought has ended the streams that were open then.
    asked = answered.asked
    principal, slot = asked.principal, asked.call.slot
    try:
        if principal is not None and slot is not None:
            asked.call.route.authenticator.check_revoked(principal, time.time(), slot)
    except GatewayError:
        answered.delivery.response.close()
        raise
