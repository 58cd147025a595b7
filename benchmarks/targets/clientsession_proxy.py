"""What most people would write: an aiohttp handler that forwards with `ClientSession`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import executable

import click
import uvloop
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from benchmarks.clients.tokens import ISSUER, SigningIssuer
from benchmarks.processes import PROXY_CORE, Process, free_port, running, wait_for_port

_SESSION = web.AppKey("session", ClientSession)
_DROPPED = {"host", "authorization", "connection", "content-length", "transfer-encoding"}
_MAX_VERDICTS = 10000


class Verdicts:
    """Remembers each token's subject; None for a token that is not good."""

    def __init__(self, key: RSAKey, audience: str) -> None:
        self._key = key
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        self._known: dict[str, str | None] = {}

    def subject_of(self, token: str) -> str | None:
        """Verify a token the first time it is seen."""
        if token not in self._known and len(self._known) < _MAX_VERDICTS:
            self._known[token] = self._verify(token)
        return self._known.get(token)

    def _verify(self, token: str) -> str | None:
        try:
            decoded = jwt.decode(token, self._key, algorithms=["RS256"])
            self._claims.validate(decoded.claims)
        except JoseError:
            return None
        return str(decoded.claims["sub"])


def build_app(verdicts: Verdicts, upstream_url: str) -> web.Application:
    """Build the proxy's application."""

    async def forward(request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        subject = verdicts.subject_of(token)
        if subject is None:
            return web.Response(status=401)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _DROPPED}
        headers["X-User-Id"] = subject
        session = request.app[_SESSION]
        async with session.request(
            request.method, upstream_url, headers=headers, data=await request.read()
        ) as answer:
            response = web.StreamResponse(status=answer.status)
            response.content_type = answer.content_type
            response.content_length = answer.content_length
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response

    async def open_session(app: web.Application) -> AsyncIterator[None]:
        connector = TCPConnector(limit=0)
        async with ClientSession(connector=connector, timeout=ClientTimeout(total=60)) as session:
            app[_SESSION] = session
            yield

    app = web.Application()
    app.cleanup_ctx.append(open_session)
    app.router.add_route("*", "/mcp", forward)
    return app


@contextmanager
def running_clientsession_proxy(
    directory: Path, issuer: SigningIssuer, upstream_port: int
) -> Iterator[tuple[Process, int]]:
    """Run the proxy on the proxy's core; yields it and its port."""
    port = free_port()
    argv = [executable, "-m", "benchmarks.targets.clientsession_proxy", "--port", str(port)]
    argv += ["--upstream", f"http://127.0.0.1:{upstream_port}/mcp"]
    argv += ["--key", str(issuer.pem_file), "--audience", issuer.audience]
    with running(argv, core=PROXY_CORE, output=directory / "clientsession.log") as process:
        wait_for_port(process, port)
        yield process, port


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--upstream", required=True)
@click.option("--key", type=click.Path(path_type=Path), required=True)
@click.option("--audience", required=True)
def main(port: int, upstream: str, key: Path, audience: str) -> None:
    """Serve until SIGTERM."""
    verdicts = Verdicts(RSAKey.import_key(key.read_bytes()), audience)
    web.run_app(
        build_app(verdicts, upstream),
        host="127.0.0.1",
        port=port,
        access_log=None,
        print=None,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
