"""An issuer in a process of its own, to which every token is good; it counts who fetches keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import executable

import click
from aiohttp import web

from benchmarks.processes import LOAD_CORE, free_port, running, wait_for_port


@contextmanager
def running_asked_issuer(directory: Path, audience: str) -> Iterator[str]:
    """Run it on the load's core and give its URL; the keys are those in the directory."""
    port = free_port()
    argv = [executable, "-m", "benchmarks.targets.asked_issuer", "--port", str(port), audience]
    argv += ["--keys", str(directory / "jwks.json")]
    with running(argv, core=LOAD_CORE, output=directory / "asked-issuer.log") as process:
        wait_for_port(process, port)
        yield f"http://127.0.0.1:{port}"


@click.command()
@click.argument("audience")
@click.option("--port", type=int, required=True)
@click.option("--keys", type=click.Path(path_type=Path), required=True)
def main(audience: str, port: int, keys: Path) -> None:
    """Answer introspection and userinfo for every token, and give the keys and their count."""
    fetches = 0
    published = keys.read_bytes()

    async def introspect(request: web.Request) -> web.Response:
        form = await request.post()
        subject = str(form["token"])
        known = {"active": True, "sub": subject, "aud": audience, "scope": "mcp:read"}
        return web.json_response(known)

    async def userinfo(request: web.Request) -> web.Response:
        return web.json_response({"sub": request.headers["Authorization"][7:], "aud": audience})

    async def key_set(request: web.Request) -> web.Response:
        nonlocal fetches
        fetches += 1
        return web.json_response(body=published)

    async def count(request: web.Request) -> web.Response:
        return web.json_response(fetches)

    app = web.Application()
    app.router.add_get("/jwks", key_set)
    app.router.add_get("/fetches", count)
    app.router.add_post("/introspect", introspect)
    app.router.add_get("/user", userinfo)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
