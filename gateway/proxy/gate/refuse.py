"""Answering a request that ends at the gateway: challenge, page or JSON-RPC error."""

from http import HTTPStatus

from gateway.errors import (
    ChallengeKind,
    DpopNonceNeeded,
    GatewayError,
    InsufficientScope,
    MissingToken,
    UpstreamError,
)
from gateway.http.head import Head, wants_page
from gateway.http.message_head import Field
from gateway.http.reply import NO_STORE, Reply, error_reply
from gateway.oauth.challenge import bearer_challenge, dpop_challenge
from gateway.pages.add_to_client import add_to_client_page
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Challenges, Route


def refuse(client: Client, record: RequestRecord, error: GatewayError) -> None:
    """Answer with an error, in the form that its reader understands."""
    record.reason = error.reason
    record.status = error.status
    record.claimed, record.mismatch = error.claimed, error.mismatch
    record.upstream_seen = _seen(error)
    if isinstance(error, InsufficientScope) and record.route is not None:
        # Policy speaks of scopes as tokens name them; clients ask for them by another name.
        error.scopes = record.route.challenges.asked.named(error.scopes, record.principal)
    headers = [(b"X-Request-Id", record.wire_id.encode()), *record.cors]
    if record.route is not None:
        headers += _challenges(record.route.challenges, error)
    if _is_browser(client.head, error) and record.route is not None:
        reply = _page(record.route, headers)
    else:
        reply = error_reply(
            error, request_id=record.request_id, message_id=record.message_id, headers=headers
        )
    client.reply(reply, keep_alive=not _is_end_in_doubt(client, error))


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


def _challenges(known: Challenges, error: GatewayError) -> list[Field]:
    if error.challenge is ChallengeKind.NONE:
        return []
    # The error stands in one challenge only, in that of the scheme that it is about.
    of_proof = error.challenge is ChallengeKind.PROOF
    found = [] if known.dpop_only else [_bearer(known, error, told=not of_proof)]
    # Others need not be told: that clients may bind tokens is in the metadata, and some of
    # them trip over a second challenge.
    concerned = known.dpop_only or error.challenge is not ChallengeKind.CREDENTIALS
    if concerned and known.dpop_algorithms:
        found.append(_dpop(known, error, told=known.dpop_only or of_proof))
    fields: list[Field] = [(b"WWW-Authenticate", each.encode()) for each in found]
    if isinstance(error, DpopNonceNeeded):
        fields.append((b"DPoP-Nonce", error.nonce.encode()))
    return fields


def _bearer(known: Challenges, error: GatewayError, *, told: bool) -> str:
    code, description = _said(error) if told else (None, None)
    return bearer_challenge(
        known.resource_metadata,
        realm=known.realm,
        scopes=error.scopes if isinstance(error, InsufficientScope) else known.scopes,
        code=code,
        description=description,
    )


def _dpop(known: Challenges, error: GatewayError, *, told: bool) -> str:
    code, description = _said(error) if told else (None, None)
    return dpop_challenge(
        known.resource_metadata, known.dpop_algorithms, code=code, description=description
    )


def _said(error: GatewayError) -> tuple[str | None, str | None]:
    # RFC 6750 §3.1: who sent no credentials made no error.
    return (None, None) if error.code is None else (error.code, error.description)


def _is_browser(head: Head, error: GatewayError) -> bool:
    return isinstance(error, MissingToken) and wants_page(head.method, head.headers)


def _page(route: Route, headers: list[Field]) -> Reply:
    page = add_to_client_page(title=route.challenges.realm, name=route.name, url=route.url)
    html: Field = (b"Content-Type", b"text/html; charset=utf-8")
    policy: Field = (b"Content-Security-Policy", page.content_security_policy.encode())
    return Reply(HTTPStatus.UNAUTHORIZED, [html, NO_STORE, policy, *headers], page.html.encode())
