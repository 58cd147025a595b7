"""The loopback address that a browser comes back to: RFC 8252 §7.3."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape

from aiohttp import web

from gateway.client.failure import ClientFailure
from gateway.client.login.authorization import AuthorizationRequest, ForeignResponse, parse_response
from gateway.pages.page import build_page

PATH = "/callback"
LOGIN_LIMIT_S = 300.0
_DONE = "You are logged in. You can close this tab and go back to the terminal."
_FOREIGN = "This is no answer to a login that is under way."


class Callback:
    """Waits for one response. `redirect_uri` has the port that was free."""

    def __init__(self) -> None:
        self.redirect_uri = ""
        self._sent: AuthorizationRequest | None = None
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def wait_for_code(
        self, sent: AuthorizationRequest, limit_s: float = LOGIN_LIMIT_S
    ) -> str:
        """The code in its response. Raises `ClientFailure` for an error and when nobody comes."""
        self._sent = sent
        try:
            async with asyncio.timeout(limit_s):
                return await self._code
        except TimeoutError:
            raise ClientFailure(
                "nobody came back from the login page in time; try again, or with --device"
            ) from None

    async def answer(self, request: web.Request) -> web.Response:
        """Take the response that is waited for; anybody else's changes nothing."""
        if self._sent is None or self._code.done():
            return _page(_FOREIGN, 400)
        if any(len(request.query.getall(name)) > 1 for name in request.query):
            return _page(_FOREIGN, 400)  # RFC 6749 §3.1: no parameter twice
        try:
            code = parse_response(self._sent, request.query)
        except ForeignResponse:
            return _page(_FOREIGN, 400)
        except ClientFailure as failure:
            self._code.set_exception(failure)
            return _page(f"The login failed: {failure}", 400)
        self._code.set_result(code)
        return _page(_DONE, 200)


@asynccontextmanager
async def listening_callback(port: int) -> AsyncIterator[Callback]:
    """Listen on a port of this machine, 0 for any. Raises `ClientFailure` when it is taken."""
    callback = Callback()
    application = web.Application()
    application.router.add_get(PATH, callback.answer, allow_head=False)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        callback.redirect_uri = await _listen(runner, port)
        yield callback
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> str:
    # The address, not `localhost`, which may mean another: RFC 8252 §8.3.
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        raise ClientFailure(
            f"port {port} is not free ({error.strerror}); choose another with --port"
        ) from error
    host, bound = runner.addresses[0][:2]
    return f"http://{host}:{bound}{PATH}"


def _page(text: str, status: int) -> web.Response:
    page = build_page("mcpgw login", f"<h1>mcpgw login</h1>\n<p>{escape(text)}</p>")
    headers = {
        "Content-Security-Policy": page.content_security_policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
    }
    return web.Response(text=page.html, content_type="text/html", status=status, headers=headers)
