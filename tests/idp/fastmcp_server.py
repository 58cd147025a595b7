"""A protected server of FastMCP; prints the URL of its endpoint once it listens.

With the argument `own` it has FastMCP's own authorization server, which lets everybody in. With
`proxy ISSUER` it has its OAuth proxy: one client at an issuer, registration and consent of its own.
"""

import json
import socket
import sys
import urllib.request

import uvicorn
from fastmcp import Context, FastMCP
from fastmcp.server.auth import OAuthProvider, OAuthProxy
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions

SCOPE = "mcp:read"
_METHOD = "client_secret_basic"


def own(origin: str) -> OAuthProvider:
    """Everything in memory."""
    return InMemoryOAuthProvider(
        base_url=origin,
        required_scopes=[SCOPE],
        client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=[SCOPE]),
        revocation_options=RevocationOptions(enabled=True),
    )


def proxy(origin: str, issuer: str) -> OAuthProvider:
    """In front of an issuer that knows one client."""
    client = _register(origin, issuer)
    return OAuthProxy(
        upstream_authorization_endpoint=f"{issuer}/auth",
        upstream_token_endpoint=f"{issuer}/token",
        upstream_client_id=client["client_id"],
        upstream_client_secret=client["client_secret"],
        token_verifier=JWTVerifier(
            jwks_uri=f"{issuer}/jwks", issuer=issuer, required_scopes=[SCOPE]
        ),
        base_url=origin,
        token_endpoint_auth_method=_METHOD,
    )


def _register(origin: str, issuer: str) -> dict[str, str]:
    members = {
        "client_name": "FastMCP",
        "redirect_uris": [f"{origin}/auth/callback"],
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": _METHOD,
    }
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{issuer}/reg", json.dumps(members).encode(), kind)  # noqa: S310  # http on loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # the same
        registered: dict[str, str] = json.load(answer)
        return registered


async def count(to: int, ctx: Context) -> int:
    """Count up and report progress at each step."""
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, f"step {step}")
    return to


def main(kind: str, *issuer: str) -> None:
    """Serve until it is ended."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        auth = proxy(origin, *issuer) if kind == "proxy" else own(origin)
        server = FastMCP("notes", auth=auth)
        server.tool(count)
        print(f"{origin}/mcp", flush=True)  # noqa: T201  # the test reads it
        uvicorn.Server(uvicorn.Config(server.http_app(), log_level="critical")).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
