"""Answering a request that ends at the gateway: challenge, page or JSON-RPC error."""

from http import HTTPStatus

from gateway.errors import (
    DpopNonceNeeded,
    GatewayError,
    InsufficientScope,
    InvalidDpopProof,
    InvalidRequest,
    MissingToken,
    UpstreamError,
)
from gateway.http.head import Head, wants_page
from gateway.http.reply import NO_STORE, Header, Reply, error_reply
from gateway.oauth.challenge import bearer_challenge, dpop_challenge
from gateway.pages.add_to_client import add_to_client_page
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Route

# After these the framing cannot be trusted, nor where the next request begins.
_CLOSING_REASONS = frozenset({"bad_http", "bad_host", "bad_path", "body_timeout", "body_too_large"})


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
        headers += _challenges(record.route, error)
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
    return waits or error.reason in _CLOSING_REASONS


def _challenges(route: Route, error: GatewayError) -> list[Header]:
    malformed = isinstance(error, InvalidRequest) and error.reason == "malformed"
    # RFC 6750 §3: a challenge goes with credentials that are missing, bad or too weak.
    if (
        error.status != HTTPStatus.UNAUTHORIZED
        and not malformed
        and not isinstance(error, InsufficientScope)
    ):
        return []
    of_proof = isinstance(error, InvalidDpopProof | DpopNonceNeeded)
    only = route.challenges.dpop_only
    found = [] if only else [_bearer(route, error, of_proof)]
    # Others need not be told: that clients may bind tokens is in the metadata, and some of
    # them trip over a second challenge.
    concerned = only or of_proof or error.reason == "sender_constrained"
    if concerned and route.challenges.dpop_algorithms:
        found.append(_dpop(route, error, told=of_proof or only))
    headers: list[Header] = [(b"WWW-Authenticate", each.encode()) for each in found]
    if isinstance(error, DpopNonceNeeded):
        headers.append((b"DPoP-Nonce", error.nonce.encode()))
    return headers


def _bearer(route: Route, error: GatewayError, of_proof: bool) -> str:
    known = route.challenges
    scopes = error.scopes if isinstance(error, InsufficientScope) else known.scopes
    silent = of_proof or isinstance(error, MissingToken)
    return bearer_challenge(
        known.resource_metadata,
        realm=known.realm,
        scopes=scopes,
        code=None if silent else error.code,
        description=None if silent else error.description,
    )


def _dpop(route: Route, error: GatewayError, *, told: bool) -> str:
    # The error stands in one challenge only, in that of the scheme that it is about.
    told = told and not isinstance(error, MissingToken)
    return dpop_challenge(
        route.challenges.resource_metadata,
        route.challenges.dpop_algorithms,
        code=error.code if told else None,
        description=error.description if told else None,
    )


def _is_browser(head: Head, error: GatewayError) -> bool:
    return isinstance(error, MissingToken) and wants_page(head.method, head.headers)


def _page(route: Route, headers: list[Header]) -> Reply:
    page = add_to_client_page(title=route.challenges.realm, name=route.name, url=route.url)
    html: Header = (b"Content-Type", b"text/html; charset=utf-8")
    policy: Header = (b"Content-Security-Policy", page.content_security_policy.encode())
    return Reply(HTTPStatus.UNAUTHORIZED, [html, NO_STORE, policy, *headers], page.html.encode())
