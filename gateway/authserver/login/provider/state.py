"""How the flow travels to the provider and back: as `state`, or as a cookie when it is long."""

import re
import secrets

from aiohttp import web

from gateway.errors import InvalidRequest

# Beyond that, some providers' front ends refuse the whole URL.
MAX_STATE_CHARS = 1200
MAX_COOKIE_CHARS = 3800  # RFC 6265 §6.1: 4096 with name and attributes
LIFETIME_S = 600
_ID_BYTES = 16
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


class ProviderState:
    """Chooses the way. A cookie has the flow's own name: four tabs do not disturb each other."""

    def __init__(self, issuer: str) -> None:
        self._is_secure = issuer.startswith("https://")
        self._prefix = "__Host-mcpgw-flow-" if self._is_secure else "mcpgw-flow-"

    def send(self, sealed: str) -> tuple[str, str | None]:
        """The `state` to send, and the name of the cookie that must hold the flow, if any.

        Raises `InvalidRequest` for a flow that fits nowhere.
        """
        if len(sealed) <= MAX_STATE_CHARS:
            return sealed, None
        if len(sealed) > MAX_COOKIE_CHARS:
            raise InvalidRequest("The client's request is too long to log in with.")
        state = secrets.token_urlsafe(_ID_BYTES)
        return state, self._prefix + state

    def remember(self, response: web.StreamResponse, name: str, sealed: str) -> None:
        """Give the browser the flow."""
        response.set_cookie(
            name,
            sealed,
            max_age=LIFETIME_S,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="Lax",
        )

    def forget(self, request: web.Request, response: web.StreamResponse) -> None:
        """Take the flow from the browser again: many logins in a row would fill its requests."""
        for state in request.query.getall("state", []):
            if self._prefix + state in request.cookies:
                response.del_cookie(self._prefix + state, path="/", secure=self._is_secure)

    def receive(self, request: web.Request) -> str:
        """The sealed flow that a response belongs to; empty when there is none."""
        states = request.query.getall("state", [])
        if len(states) != 1:
            return ""
        (state,) = states
        if not _ID.fullmatch(state):
            return state
        return request.cookies.get(self._prefix + state, "")
