"""Answering a request that ends at the gateway: challenge, page or JSON-RPC error."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.errors import (
    ChallengeKind,
    DpopNonceNeeded,
    GatewayError,
    InsufficientScope,
    MissingToken,
    UpstreamError,
)
from gateway.http.head import Head, ParsedHead, wants_page
from gateway.http.message_head import Field, Lines, field_lines, join_lines
from gateway.http.reply import (
    JSON,
    NO_STORE,
    advice,
    begin_response,
    error_message,
    error_reply,
    reply_bytes,
)
from gateway.http.trace_fields import parse_trace, trace_fields
from gateway.oauth.challenge import bearer_challenge, dpop_challenge
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Challenges

_HTML: Field = (b"Content-Type", b"text/html; charset=utf-8")
_MESSAGE = (JSON, NO_STORE)


def refuse(client: Client, record: RequestRecord, error: GatewayError) -> None:
    """Answer with an error, in the form that its reader understands."""
    note_error(record, error)
    if isinstance(error, InsufficientScope) and record.route is not None:
        # Policy speaks of scopes as tokens name them; clients ask for them by another name.
        error.scopes = record.route.settings.challenges.asked.named(error.scopes, record.principal)
    own: list[Field] = advice(error)
    if isinstance(error, DpopNonceNeeded):
        own.append((b"DPoP-Nonce", error.nonce.encode()))
    media, body = _content(client.head, record, error)
    known = None if record.route is None else record.route.settings.challenges
    opening = _opening(known, _said(error), (*media, *record.cors))
    if own:
        opening = join_lines([opening, field_lines(own)])
    keep_alive = not _is_end_in_doubt(client, error)
    client.answer(opening, error.status, record.wire_id, body, keep_alive=keep_alive)


def note_error(record: RequestRecord, error: GatewayError) -> None:
    """Let the record say why a request ended."""
    record.reason = error.reason
    record.status = error.status
    record.claimed, record.mismatch = error.claimed, error.mismatch
    record.upstream_seen = _seen(error)


def refuse_misread(parsed: ParsedHead, error: GatewayError) -> tuple[RequestRecord, bytes]:
    """Answer a head that cannot be believed; nothing about its connection can be, either."""
    record = RequestRecord(parsed.method, parse_trace(trace_fields(parsed.raw_headers)))
    hosts = [value for name, value in parsed.raw_headers if name.lower() == b"host"]
    record.address, record.host = parsed.address, b"".join(hosts[-1:]).decode("latin-1")
    record.path = parsed.target.partition("?")[0]
    record.reason, record.status = error.reason, error.status
    headers = [(b"X-Request-Id", record.wire_id.encode())]
    reply = error_reply(error, request_id=record.request_id, headers=headers)
    return record, reply_bytes(reply, keep_alive=False, bodiless=parsed.method == "HEAD")


def _seen(error: GatewayError) -> str | None:
    if isinstance(error, UpstreamError):
        return error.seen
    # What was asked of the server before the call could go there: its tools.
    cause = error.__cause__
    return f"{cause.reason}: {cause.seen}" if isinstance(cause, UpstreamError) else None


def _is_end_in_doubt(client: Client, error: GatewayError) -> bool:
    # RFC 9110 §10.1.1: who was not told to continue may send the body or the next request.
    waits = client.head.expects_continue and not client.is_body_here
    return waits or error.closes_connection


def _content(
    head: Head, record: RequestRecord, error: GatewayError
) -> tuple[Sequence[Field], bytes]:
    route = record.route
    if (
        route is not None
        and isinstance(error, MissingToken)
        and wants_page(head.method, head.headers)
    ):
        page = route.settings.page
        policy = (b"Content-Security-Policy", page.content_security_policy.encode())
        return (_HTML, NO_STORE, policy), page.html.encode()
    body = error_message(error, request_id=record.request_id, message_id=record.message_id)
    return _MESSAGE, body


class _Said(NamedTuple):
    """What of an error stands in its head. RFC 6750 §3.1: no `code` for who sent no credentials."""

    status: int
    challenge: ChallengeKind
    code: str | None
    description: str | None
    scopes: frozenset[str] | None


def _said(error: GatewayError) -> _Said:
    return _Said(
        error.status,
        error.challenge,
        error.code,
        None if error.code is None else error.description,
        error.scopes if isinstance(error, InsufficientScope) else None,
    )


# Making the head of a refusal costs 15 µs, and few differ; what callers choose is not in it.
@lru_cache(maxsize=512)
def _opening(known: Challenges | None, said: _Said, fields: tuple[Field, ...]) -> Lines:
    challenges = [] if known is None else _challenges(known, said)
    return begin_response(said.status, [*fields, *challenges])


def _challenges(known: Challenges, said: _Said) -> list[Field]:
    if said.challenge is ChallengeKind.NONE:
        return []
    # The error stands in one challenge only, in that of the scheme that it is about.
    of_proof = said.challenge is ChallengeKind.PROOF
    found = [] if known.dpop_only else [_bearer(known, said, told=not of_proof)]
    # Others need not be told: that clients may bind tokens is in the metadata, and some of
    # them trip over a second challenge.
    concerned = known.dpop_only or said.challenge is not ChallengeKind.CREDENTIALS
    if concerned and known.dpop_algorithms:
        found.append(_dpop(known, said, told=known.dpop_only or of_proof))
    return [(b"WWW-Authenticate", each.encode()) for each in found]


def _bearer(known: Challenges, said: _Said, *, told: bool) -> str:
    return bearer_challenge(
        known.resource_metadata,
        realm=known.realm,
        scopes=known.scopes if said.scopes is None else said.scopes,
        code=said.code if told else None,
        description=said.description if told else None,
    )


def _dpop(known: Challenges, said: _Said, *, told: bool) -> str:
    return dpop_challenge(
        known.resource_metadata,
        known.dpop_algorithms,
        code=said.code if told else None,
        description=said.description if told else None,
    )
