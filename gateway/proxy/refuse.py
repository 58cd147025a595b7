"""Answering a request that ends at the gateway: challenge, page or JSON-RPC error."""

from http import HTTPStatus

from aiohttp.web import BaseRequest

from gateway.errors import GatewayError, InsufficientScope, InvalidRequest, MissingToken
from gateway.oauth.challenge import bearer_challenge
from gateway.pages.add_to_client import add_to_client_page
from gateway.proxy.respond import NO_STORE, Header, Reply, Written, error_reply, write_reply
from gateway.proxy.routes import Route
from gateway.proxy.visit import Visit

# After these the framing cannot be trusted, nor where the next request begins.
_CLOSING_REASONS = frozenset({"bad_http", "bad_host", "bad_path", "body_timeout", "body_too_large"})


def refuse(request: BaseRequest, visit: Visit, error: GatewayError) -> Written:
    """Answer with an error, in the form that its reader understands."""
    visit.error = error
    visit.status = error.status
    headers = [(b"X-Request-Id", visit.request_id.encode()), *visit.cors]
    if visit.route is not None and (challenge := _challenge(visit.route, error)):
        headers.append((b"WWW-Authenticate", challenge))
    keep_alive = request.keep_alive and not _is_end_in_doubt(request, error)
    if _is_browser(request, error) and visit.route is not None:
        reply = _page(visit.route, headers)
    else:
        reply = error_reply(
            error, request_id=visit.request_id, message_id=visit.message_id, headers=headers
        )
    return write_reply(request, reply, keep_alive=keep_alive)


def _is_end_in_doubt(request: BaseRequest, error: GatewayError) -> bool:
    # RFC 9110 §10.1.1: who was not told to continue may send the body or the next request.
    waits = "Expect" in request.headers and not request.content.is_eof()
    return waits or error.reason in _CLOSING_REASONS


def _challenge(route: Route, error: GatewayError) -> bytes | None:
    malformed = isinstance(error, InvalidRequest) and error.reason == "malformed"
    # RFC 6750 §3: a challenge goes with credentials that are missing, bad or too weak.
    if (
        error.status != HTTPStatus.UNAUTHORIZED
        and not malformed
        and not isinstance(error, InsufficientScope)
    ):
        return None
    known = route.challenges
    scopes = error.scopes if isinstance(error, InsufficientScope) else known.scopes
    absent = isinstance(error, MissingToken)
    return bearer_challenge(
        known.resource_metadata,
        realm=known.realm,
        scopes=scopes,
        code=None if absent else error.code,
        description=None if absent else error.description,
    ).encode()


def _is_browser(request: BaseRequest, error: GatewayError) -> bool:
    accepts = request.headers.get("Accept", "")
    return isinstance(error, MissingToken) and request.method == "GET" and "text/html" in accepts


def _page(route: Route, headers: list[Header]) -> Reply:
    page = add_to_client_page(title=route.challenges.realm, name=route.name, url=route.url)
    html: Header = (b"Content-Type", b"text/html; charset=utf-8")
    policy: Header = (b"Content-Security-Policy", page.content_security_policy.encode())
    return Reply(HTTPStatus.UNAUTHORIZED, [html, NO_STORE, policy, *headers], page.html.encode())
