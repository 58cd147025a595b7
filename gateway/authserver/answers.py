"""How the endpoints answer: JSON for clients, pages for people, and each error in one place."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from gateway.errors import AccessDenied, GatewayError, InvalidDpopProof
from gateway.oauth.errors import InvalidClient
from gateway.pages.page import Page

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 §5.1
CORS = {"Access-Control-Allow-Origin": "*"}  # RFC 9700 §2.6: where no person's cookie counts
_PREFLIGHT = CORS | {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP, MCP-Protocol-Version",
    "Access-Control-Max-Age": "7200",
}
_PAGE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_BAD_REQUEST = 400


def json_answer(
    document: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON document that no cache keeps."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(document),
        content_type="application/json",
        headers={**NO_STORE, **CORS, **(headers or {})},
    )


def error_answer(error: GatewayError, *, uses_basic: bool = False) -> web.Response:
    """An error as clients read it: RFC 6749 §5.2."""
    headers: dict[str, str] = {}
    if isinstance(error, InvalidClient) and uses_basic:
        headers["WWW-Authenticate"] = 'Basic realm="token endpoint"'
    retry_after_s: Any = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    # RFC 9449 §5: at the token endpoint a bad proof is a bad request.
    status = _BAD_REQUEST if isinstance(error, InvalidDpopProof) else error.status
    document = {"error": error.code or "server_error", "error_description": error.description}
    return json_answer(document, status, headers)


def preflight_answer() -> web.Response:
    """What a browser client may send: Fetch standard, CORS."""
    return web.Response(status=204, headers=_PREFLIGHT)


def page_answer(page: Page, status: int = 200) -> web.Response:
    """A page that no other page can frame, and that tells nobody where it was."""
    headers = {**_PAGE, "Content-Security-Policy": page.content_security_policy}
    return web.Response(status=status, text=page.html, content_type="text/html", headers=headers)


def redirect_answer(url: str) -> web.Response:
    """Send the browser on with a GET: 302, and nothing of this page with it."""
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=302, headers=headers)


def code_of(error: GatewayError) -> str:
    """The error code of an authorization response: RFC 6749 §4.1.2.1."""
    if isinstance(error, AccessDenied):
        return "access_denied"
    return error.code or "server_error"
