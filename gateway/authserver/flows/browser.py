"""One browser, by a cookie of its own: what it consented to, no other can finish."""

import re
import secrets

from aiohttp import web

from gateway.errors import AccessDenied

_ID_BYTES = 16  # 128 bits: RFC 6749 §10.10
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_NAME = "mcpgw-browser"
LIFETIME_S = 3600


class Browsers:
    """Reads and sets the cookie; `issuer` says whether it is of https."""

    def __init__(self, issuer: str) -> None:
        self._is_secure = issuer.startswith("https://")
        # With the prefix no other host and no plain http can set it: RFC 6265bis §4.1.3.2.
        self.cookie = f"__Host-{_NAME}" if self._is_secure else _NAME
        self._origin = "/".join(issuer.split("/", 3)[:3])

    def known(self, request: web.Request) -> str:
        """The browser's id; empty when it has none."""
        value = request.cookies.get(self.cookie, "")
        return value if _ID.fullmatch(value) else ""

    def known_or_new(self, request: web.Request) -> str:
        """The browser's id, a new one where it has none: all of its tabs share one."""
        return self.known(request) or secrets.token_urlsafe(_ID_BYTES)

    def remember(self, response: web.StreamResponse, browser: str) -> None:
        """Give the browser its id."""
        response.set_cookie(
            self.cookie,
            browser,
            max_age=LIFETIME_S,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="Lax",
        )

    def check_own_form(self, request: web.Request) -> None:
        """Raise `AccessDenied` when a page of somebody else sent the form.

        A browser that says neither where it comes from still needs the cookie and the flow.
        """
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        # `null` is what forms of pages without a referrer say.
        origin = request.headers.get("Origin", "null")
        if site not in ("same-origin", "none") or origin not in ("null", self._origin):
            raise AccessDenied(
                "The form was not sent by this server's page.", reason="foreign_form"
            )
