"""What changes something on the admin listener needs its token."""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

NO_STORE = {"Cache-Control": "no-store"}

Handler = Callable[[web.Request], Awaitable[web.Response]]


def guarded(handler: Handler, token: str) -> Handler:
    """Let nobody to the handler without `Authorization: Bearer <token>`."""

    async def checked(request: web.Request) -> web.Response:
        shown = request.headers.getall("Authorization", [])
        # In constant time: the admin token must not be guessed a character at a time.
        if len(shown) != 1 or not hmac.compare_digest(
            shown[0].encode("utf-8", "surrogateescape"), f"Bearer {token}".encode()
        ):
            return error(401, "This needs the admin token.", {"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return checked


def error(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    """An answer that says what is wrong."""
    return web.json_response({"error": text}, status=status, headers=NO_STORE | (headers or {}))
