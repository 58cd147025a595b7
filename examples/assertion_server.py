"""An MCP server that believes the gateway's signed assertion and nothing else.

Run it with `python examples/assertion_server.py --keys URL --audience URL --port 9000`, the
keys being at `/.well-known/mcpgw/assertion-keys.json` of the gateway.
"""

import argparse
import asyncio
import base64
import hashlib

import jwt
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


# docs: begin
class VerifyAssertion:
    """Lets only those requests in that the gateway vouches for; `scope["caller"]` says whose."""

    def __init__(self, app: ASGIApp, keys_url: str, audience: str) -> None:
        self.app, self.audience = app, audience
        self.keys = jwt.PyJWKClient(keys_url)

    def verify(self, assertion: str, method: str, body: bytes) -> dict[str, object]:
        key = self.keys.get_signing_key_from_jwt(assertion)
        claims = jwt.decode(assertion, key, ["EdDSA", "ES256"], audience=self.audience)
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
        if claims.get("body_sha256") != digest:
            raise jwt.InvalidTokenError("the assertion is about another body")
        if claims.get("htm") != method:
            raise jwt.InvalidTokenError("the assertion is about another method")
        return claims

    # docs: end
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Verify before the server sees anything; the body is read here and given on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        shown = request.headers.get("x-gateway-assertion", "")
        try:
            scope["caller"] = await asyncio.to_thread(self.verify, shown, request.method, body)
        except jwt.PyJWTError:
            await Response(status_code=403)(scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": body}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self.app(scope, replay, send)


def whoami(ctx: Context) -> dict[str, object]:
    """Show the verified caller."""
    request = ctx.request_context.request
    caller: dict[str, object] = request.scope["caller"] if request is not None else {}
    return caller


def build_app(keys_url: str, audience: str) -> ASGIApp:
    """The server, with its only door."""
    server = MCPServer("assertion")
    server.add_tool(whoami)
    app = server.streamable_http_app(stateless_http=True, json_response=True)
    app.add_middleware(VerifyAssertion, keys_url=keys_url, audience=audience)
    return app


def main() -> None:
    """Serve on loopback."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", required=True)
    parser.add_argument("--audience", required=True)
    parser.add_argument("--port", type=int, default=9000)
    given = parser.parse_args()
    app = build_app(given.keys, given.audience)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
