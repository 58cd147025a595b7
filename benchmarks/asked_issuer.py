"""An issuer of opaque tokens, in a process of its own: everybody is known, nothing is looked up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import executable

import click
from aiohttp import web

from benchmarks.processes import LOAD_CORE, free_port, running, wait_for_port


@contextmanager
def running_asked_issuer(directory: Path, audience: str) -> Iterator[str]:
    """Run it on the load's core and give its URL."""
    port = free_port()
    argv = [executable, "-m", "benchmarks.asked_issuer", "--port", str(port), audience]
    with running(argv, core=LOAD_CORE, output=directory / "asked-issuer.log") as process:
        wait_for_port(process, port)
        yield f"http://127.0.0.1:{port}"


@click.command()
@click.argument("audience")
@click.option("--port", type=int, required=True)
def main(audience: str, port: int) -> None:
    """Answer introspection and userinfo for every token."""

    async def introspect(request: web.Request) -> web.Response:
        form = await request.post()
        subject = str(form["token"])
        known = {"active": True, "sub": subject, "aud": audience, "scope": "mcp:read"}
        return web.json_response(known)

    async def userinfo(request: web.Request) -> web.Response:
        return web.json_response({"sub": request.headers["Authorization"][7:], "aud": audience})

    app = web.Application()
    app.router.add_post("/introspect", introspect)
    app.router.add_get("/user", userinfo)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
