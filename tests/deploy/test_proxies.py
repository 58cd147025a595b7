"""The recipes of docs/behind-a-proxy.md, each run with the real proxy."""

import asyncio
import json
import re
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml
from aiohttp import ClientSession, TCPConnector

from tests.support.certificates import Certificate, make_certificate
from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.programs import required_program
from tests.support.recording_upstream import (
    RecordingUpstream,
    chunk,
    event_stream_head,
    json_reply,
)
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner

pytestmark = pytest.mark.requirement("B10")

PAGE = Path(__file__).parents[2] / "docs" / "behind-a-proxy.md"
HOST = "mcp.example.com"
URL = f"https://{HOST}"
STARTED_WITHIN_S = 20.0
CLIENT = "127.0.0.2"  # the proxy connects from 127.0.0.1


@dataclass(frozen=True, slots=True)
class Places:
    """What differs from the page: ports and files."""

    folder: Path
    port: int
    gateway_port: int
    certificate: Certificate

    def fill(self, recipe: str) -> str:
        changes = {
            "/etc/ssl/mcp.pem": str(self.certificate.cert_file),
            "/etc/ssl/mcp.key": str(self.certificate.key_file),
            "/etc/traefik/mcp.yaml": str(self.folder / "mcp.yaml"),
            "127.0.0.1:8080": f"127.0.0.1:{self.gateway_port}",
            "port_value: 8080": f"port_value: {self.gateway_port}",
            "port_value: 443": f"port_value: {self.port}",
            'address: ":443"': f'address: "127.0.0.1:{self.port}"',
            "address: 0.0.0.0": "address: 127.0.0.1",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
        }
        for old, new in changes.items():
            recipe = recipe.replace(old, new)
        return recipe


def recipe(language: str, beginning: str) -> str:
    """The block of the page that begins so."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(beginning)]
    return found


def program(name: str) -> str:
    """A proxy of this machine or of the environment (`pip install --group proxies`)."""
    return required_program(name, "pip install --group proxies, or Debian's nginx")


def nginx(places: Places) -> list[str]:
    folder = places.folder
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{places.fill(recipe('nginx', 'server'))}}}\n",
        encoding="utf-8",
    )
    return [program("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def caddy(places: Places) -> list[str]:
    site = places.fill(recipe("caddyfile", HOST))
    certificate = places.certificate
    site = site.replace(
        f"{HOST} {{",
        f"{URL}:{places.port} {{\ntls {certificate.cert_file} {certificate.key_file}",
    )
    (places.folder / "Caddyfile").write_text(
        f"{{\nadmin off\nauto_https disable_redirects\n}}\n{site}", encoding="utf-8"
    )
    return [program("caddy"), "run", "--config", str(places.folder / "Caddyfile")]


def traefik(places: Places) -> list[str]:
    static = places.folder / "traefik.yaml"
    static.write_text(places.fill(recipe("yaml", "# traefik.yaml")), encoding="utf-8")
    dynamic = places.fill(recipe("yaml", "# mcp.yaml"))
    (places.folder / "mcp.yaml").write_text(dynamic, encoding="utf-8")
    return [program("traefik"), f"--configfile={static}"]


def envoy(places: Places) -> list[str]:
    path = places.folder / "envoy.yaml"
    path.write_text(places.fill(recipe("yaml", "# envoy.yaml")), encoding="utf-8")
    return [program("envoy"), "-c", str(path), "--concurrency", "1", "--disable-hot-restart"]


PROXIES = {"nginx": nginx, "caddy": caddy, "traefik": traefik, "envoy": envoy}


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[None]:
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # a proxy of this machine
            command, cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def connector() -> TCPConnector:
    insecure = ssl.create_default_context()
    insecure.check_hostname = False
    insecure.verify_mode = ssl.CERT_NONE
    return TCPConnector(ssl=insecure, force_close=True, local_addr=(CLIENT, 0))


async def is_up(client: ClientSession, url: str) -> bool:
    try:
        async with client.get(
            f"{url}/health", headers={"Host": HOST}, server_hostname=HOST
        ) as answer:
            return answer.status == 200
    except OSError:
        return False


@asynccontextmanager
async def proxied(
    kind: str, folder: Path
) -> AsyncIterator[tuple[ClientSession, str, RecordingUpstream]]:
    with reserved_port() as port, reserved_port() as gateway_port:
        places = Places(folder, port, gateway_port, make_certificate(folder, HOST))
        command = PROXIES[kind](places)
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            more = f"trusted_proxies: [127.0.0.1]\nlog: {{audit_file: {folder}/audit}}\n"
            config = short_config(gateway_port, upstream.url, signer.issuer, more=more)
            config = config.replace(f"http://127.0.0.1:{gateway_port}", URL, 1)
            token = signer.token(f"{URL}/mcp", header=None, key=None)
            headers = {
                "Host": HOST,
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream",
            }
            async with (
                running_gateway(config),
                ClientSession(connector=connector(), headers=headers) as client,
            ):
                with running(command, folder):
                    url = f"https://127.0.0.1:{port}"
                    async with asyncio.timeout(STARTED_WITHIN_S):
                        while not await is_up(client, url):  # noqa: ASYNC110  # nothing tells of it
                            await asyncio.sleep(0.1)
                    yield client, f"{url}/mcp", upstream


@pytest.mark.parametrize("kind", PROXIES)
async def test_a_recipe_lets_calls_and_streams_through(kind: str, tmp_path: Path) -> None:
    async with proxied(kind, tmp_path) as (client, url, upstream), asyncio.timeout(20):
        upstream.replies.append(json_reply(b'{"jsonrpc":"2.0","id":1,"result":{}}'))
        async with client.post(url, data=CALL, server_hostname=HOST) as answer:
            assert answer.status == 200, await answer.text()

        upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
        async with client.post(url, data=CALL, server_hostname=HOST) as answer:
            # The second is sent when the first is here: whoever buffers waits for ever.
            assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
            await upstream.send(chunk(b"data: 2\n\n") + chunk(b""))
            assert await answer.content.readuntil(b"\n\n") == b"data: 2\n\n"

        long = {"Authorization": f"Bearer {'a' * 12_000}"}
        async with client.post(url, data=CALL, headers=long, server_hostname=HOST) as answer:
            assert answer.status == 401
            assert f'resource_metadata="{URL}/' in answer.headers["WWW-Authenticate"]
    lines = [json.loads(each) for each in (tmp_path / "audit").read_text("utf-8").splitlines()]
    assert {line["address"] for line in lines if line["server"]} == {CLIENT}


def test_the_ingress_fits_the_schemas_strictly() -> None:
    manifest = yaml.safe_load(recipe("yaml", "# ingress.yaml"))

    kubernetes_validate.validate(manifest, "1.34", strict=True)
