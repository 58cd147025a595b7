"""Every example of docs/oauth.md, typed into a shell as it stands there."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tests.support.login_gateway import login_gateway
from tests.support.login_pages import PersonsBrowser, query_of
from tests.support.recording_upstream import RecordingUpstream
from tests.support.terminal import Terminal, examples, terminal

PAGE = (Path(__file__).parents[3] / "docs" / "oauth.md").read_text(encoding="utf-8")
EXAMPLES = examples(PAGE)
ISSUER = "http://localhost:8080"  # as the page says; the test's gateway is at another port
SECRET = "a secret of the operator"  # noqa: S105  # an example


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who types what the page says."""

    terminal: Terminal
    issuer: str

    async def see(self, title: str) -> str:
        """Type the example; all that it prints."""
        return await self.terminal.type(EXAMPLES[title].replace(ISSUER, self.issuer))

    async def read(self, title: str) -> dict[str, object]:
        """Type the example; the document that it prints."""
        document = json.loads(await self.see(title))
        assert isinstance(document, dict)
        return document

    async def authorize(self) -> str:
        """Type from the top until there is a URL for the browser; what a program sees there."""
        await self.see("Metadata")
        client = await self.read("Register")
        await self.terminal.fill_in(CLIENT=str(client["client_id"]))
        return await self.see("Authorize")

    async def log_in(self) -> dict[str, object]:
        """Type from the top until there are tokens; the answer that holds them."""
        await self.authorize()
        async with PersonsBrowser() as browser:
            back = await browser.log_in(await self.terminal.value("URL"))
        await self.terminal.fill_in(CODE=query_of(back.goes_to)["code"])
        tokens = await self.read("Redeem the code")
        await self.terminal.fill_in(
            TOKEN=str(tokens["access_token"]), REFRESH=str(tokens["refresh_token"])
        )
        return tokens


@asynccontextmanager
async def reader(port: int, upstream: str) -> AsyncIterator[Reader]:
    """Run a gateway with the clients of the page, and open a shell."""
    (configured,) = (
        yaml.safe_load(block.partition("```")[0])
        for block in PAGE.split("```yaml\n")
        if block.startswith("# config.yaml")
    )
    clients = configured["authorization_server"]["clients"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        secret = folder / clients["nightly"]["client_secret_file"]
        secret.write_text(SECRET, encoding="utf-8")
        secret.chmod(0o600)
        clients["nightly"]["client_secret_file"] = str(secret)
        more = f", clients: {json.dumps(clients)}"
        async with (
            login_gateway(port, upstream, more),
            terminal(folder, {"PATH": os.environ["PATH"]}) as shell,
        ):
            yield Reader(shell, f"http://127.0.0.1:{port}")


async def test_every_endpoint_of_the_metadata_has_an_example(
    port: int, upstream: RecordingUpstream
) -> None:
    async with reader(port, upstream.url) as person:
        document = await person.read("Metadata")

    issuer = str(document["issuer"])
    endpoints = {
        str(url).removeprefix(issuer)
        for name, url in document.items()
        if name.endswith(("_endpoint", "_uri"))
    }
    commands = "\n".join(EXAMPLES.values())
    assert "/token" in endpoints
    assert [each for each in endpoints if f"$ISSUER{each}" not in commands] == []


async def test_a_client_registers(port: int, upstream: RecordingUpstream) -> None:
    async with reader(port, upstream.url) as person:
        await person.see("Metadata")
        client = await person.read("Register")

    assert client["client_name"] == "My client"
    assert client["redirect_uris"] == ["http://127.0.0.1:33418/callback"]


async def test_the_url_shows_who_asks_for_what(port: int, upstream: RecordingUpstream) -> None:
    async with reader(port, upstream.url) as person:
        shown = await person.authorize()

    assert shown.startswith("HTTP/1.1 200")
    assert "My client" in shown
    assert "127.0.0.1" in shown


async def test_a_code_becomes_a_token_that_calls_the_server(
    port: int, upstream: RecordingUpstream
) -> None:
    async with reader(port, upstream.url) as person:
        tokens = await person.log_in()
        answer = await person.read("Call the server")

    assert tokens["scope"] == "mcp:read"
    assert answer == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert upstream.requests[-1].value("X-User-Id") == "ada"


async def test_a_refresh_token_becomes_another(port: int, upstream: RecordingUpstream) -> None:
    async with reader(port, upstream.url) as person:
        tokens = await person.log_in()
        renewed = await person.read("Refresh")

    assert renewed["scope"] == "mcp:read"
    assert renewed["refresh_token"] != tokens["refresh_token"]


async def test_a_configured_client_gets_a_token_for_itself(
    port: int, upstream: RecordingUpstream
) -> None:
    async with reader(port, upstream.url) as person:
        await person.see("Metadata")
        tokens = await person.read("A client for itself")

    assert tokens["scope"] == "mcp:read"
    assert "refresh_token" not in tokens


async def test_a_configured_client_asks_about_a_token(
    port: int, upstream: RecordingUpstream
) -> None:
    async with reader(port, upstream.url) as person:
        await person.log_in()
        told = await person.read("Introspect")

    assert told["active"] is True
    assert told["sub"] == "ada"


async def test_a_revoked_login_ends_with_all_its_tokens(
    port: int, upstream: RecordingUpstream
) -> None:
    async with reader(port, upstream.url) as person:
        await person.log_in()
        revoked = await person.see("Revoke")
        refreshed = await person.read("Refresh")
        told = await person.read("Introspect")

    assert revoked.startswith("HTTP/1.1 200")
    assert refreshed["error"] == "invalid_grant"
    assert told == {"active": False}


async def test_keys_are_for_everybody(port: int, upstream: RecordingUpstream) -> None:
    async with reader(port, upstream.url) as person:
        await person.see("Metadata")
        document = await person.read("Key set")

    assert document["keys"]
