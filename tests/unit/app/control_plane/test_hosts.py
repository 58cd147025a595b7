"""Which paths each public host answers itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from aiohttp import web

from gateway.app.control_plane.application import methods_by_path
from gateway.app.control_plane.hosts import build_anywhere, build_control_plane, open_control_plane
from gateway.app.generation.parts import Parts
from gateway.config.load import load_config
from gateway.pages.brand import UNBRANDED

TWO_HOSTS = """\
public_url: https://mcp.example.com
issuers: {idp: {issuer: "https://idp.example.com"}}
servers:
  files: {path: /files, upstream: "http://127.0.0.1:1/mcp", allow: any}
  mail: {public_url: "https://mail.example.com", upstream: "http://127.0.0.1:2", allow: any}
"""
WELL_KNOWN = "/.well-known/oauth-protected-resource"
READ = {"GET", "HEAD", "OPTIONS"}


async def _nothing() -> dict[str, object]:
    return {}


def parts(tmp_path: Path) -> Parts:
    """Two servers at hosts of their own, and nothing that talks to anybody."""
    path = tmp_path / "config.yaml"
    path.write_text(TWO_HOSTS, encoding="utf-8")
    issuers = SimpleNamespace(local={}, services={}, metadata_of=lambda name: _nothing)
    found = SimpleNamespace(
        config=load_config(path, {}),
        issuers=issuers,
        header_sources=SimpleNamespace(keys=None),
        brand=UNBRANDED,
    )
    return cast(Parts, found)


def test_each_host_has_the_documents_of_its_own_servers(tmp_path: Path) -> None:
    by_origin = build_control_plane(parts(tmp_path))

    paths = {origin: set(methods_by_path(app)) for origin, app in by_origin.items()}
    files, mail = paths["https://mcp.example.com"], paths["https://mail.example.com"]
    assert files - mail == {f"{WELL_KNOWN}/files"}
    assert mail - files == {f"{WELL_KNOWN}/mcp"}
    assert WELL_KNOWN in files & mail


def test_health_is_answered_whatever_the_host(tmp_path: Path) -> None:
    by_origin = build_control_plane(parts(tmp_path))

    assert methods_by_path(build_anywhere(parts(tmp_path))) == {"/health": READ}
    assert all("/health" not in methods_by_path(app) for app in by_origin.values())


async def test_what_extends_a_host_is_known_to_the_data_plane(tmp_path: Path) -> None:
    async def token(request: web.Request) -> web.Response:
        return web.Response()

    def extend(origin: str, app: web.Application) -> None:
        if origin == "https://mcp.example.com":
            app.router.add_post("/token", token)

    async with open_control_plane(parts(tmp_path), [extend]) as control:
        for authority in ("mcp.example.com", "mcp.example.com:443"):
            assert control.hosts[authority].methods["/token"] == {"POST"}
        assert "/token" not in control.hosts["mail.example.com"].methods
