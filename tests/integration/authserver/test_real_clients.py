"""Clients that people use, unmodified, log in at the gateway alone, call a tool, and refresh.

Each becomes a client in every way that it knows, in both eras of the protocol where it knows both.
"""

import importlib.util
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.shared.auth import OAuthClientInformationFull
from pydantic import AnyUrl

from tests.support.browser import visit
from tests.support.login_gateway import person_at
from tests.support.login_pages import PASSWORD
from tests.support.login_place import CONFIGURED, ROBOT, SECRET, Way, login_place
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import REDIRECT_URI, Mode, Person, connected_client
from tests.support.ports import reserved_port
from tests.support.real_clients import Machine

with_fastmcp = pytest.mark.skipif(
    importlib.util.find_spec("fastmcp") is None, reason="only with the dependency group `interop`"
)


@pytest.fixture(scope="module")
def stateful() -> Iterator[str]:
    with running_mcp_server("stateful") as url:
        yield url


@pytest.mark.parametrize(
    ("mode", "way"),
    [
        ("legacy", "dynamic"),
        ("legacy", "document"),
        ("2026-07-28", "document"),
        ("2026-07-28", "configured"),
    ],
)
async def test_python_sdk(port: int, stateful: str, tmp_path: Path, mode: Mode, way: Way) -> None:
    async with login_place(port, stateful, tmp_path) as place:
        person = person_at(place.url)
        if way == "document":
            person.metadata_url = place.document
        if way == "configured":
            person.storage.client = OAuthClientInformationFull(
                client_id=CONFIGURED, redirect_uris=[AnyUrl(REDIRECT_URI)], issuer=place.issuer
            )
        async with connected_client(person, mode) as client:
            before = await client.call_tool("whoami", {})
            first = person.storage.tokens
            assert person.provider is not None
            person.provider.context.token_expiry_time = 1.0
            after = await client.call_tool("whoami", {})

    assert place.knows(way, before.structured_content or {})
    assert place.knows(way, after.structured_content or {})
    assert first is not None
    assert person.storage.tokens is not None
    assert person.storage.tokens.refresh_token not in (None, first.refresh_token)


class Robot(Person):
    """A program that logs in for itself."""

    def oauth(self) -> OAuthClientProvider:
        return ClientCredentialsOAuthProvider(
            self.server_url,
            self.storage,
            ROBOT,
            SECRET,
            issuer=self.server_url.removesuffix("/mcp"),
        )


async def test_python_sdk_for_itself(port: int, stateful: str, tmp_path: Path) -> None:
    async with (
        login_place(port, stateful, tmp_path) as place,
        connected_client(Robot(place.url), "auto") as client,
    ):
        result = await client.call_tool("whoami", {})

    assert result.structured_content is not None
    assert result.structured_content["x-user-id"] == "client:robot"


@pytest.mark.parametrize(
    ("sdk", "mode", "way"),
    [
        (1, "legacy", "dynamic"),
        (1, "legacy", "document"),
        (1, "legacy", "configured"),
        (2, "legacy", "dynamic"),
        (2, "2026-07-28", "dynamic"),
        (2, "auto", "document"),
        (2, "2026-07-28", "configured"),
    ],
)
async def test_typescript_sdk(
    port: int, stateful: str, tmp_path: Path, sdk: int, mode: str, way: Way
) -> None:
    async with login_place(port, stateful, tmp_path) as place:
        known = {
            "document": {"metadataUrl": place.document},
            "configured": {"clientId": CONFIGURED},
        }
        seen = await Machine(tmp_path).typescript(
            sdk=sdk, url=place.url, mode=mode, tool="whoami", **known.get(way, {})
        )

    before, after = seen["results"]
    assert place.knows(way, before)
    assert place.knows(way, after)
    assert seen["logins"] == 1
    assert len({each["refresh_token"] for each in seen["tokens"]}) == 2


@pytest.mark.parametrize("sdk", [1, 2])
async def test_typescript_sdk_for_itself(
    port: int, stateful: str, tmp_path: Path, sdk: int
) -> None:
    async with login_place(port, stateful, tmp_path) as place:
        seen = await Machine(tmp_path).typescript(
            sdk=sdk,
            url=place.url,
            tool="whoami",
            forItself=True,
            issuer=place.issuer,
            clientId=ROBOT,
            clientSecret=SECRET,
        )

    assert [each["x-user-id"] for each in seen["results"]] == ["client:robot"] * 2
    assert len({each["access_token"] for each in seen["tokens"]}) == 2


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("dynamic", []),
        ("dynamic", ["--protocol", "auto"]),
        ("document", ["--client-metadata-url"]),
        ("configured", ["--static-oauth-client-info", '{"client_id": "host"}']),
    ],
)
async def test_mcp_remote(
    port: int, stateful: str, tmp_path: Path, way: Way, words: list[str]
) -> None:
    machine = Machine(tmp_path)
    async with login_place(port, stateful, tmp_path) as place:
        words = [*words, place.document] if way == "document" else words
        before = await machine.mcp_remote(place.url, *words)
        machine.spoil_tokens()
        after = await machine.without_a_person().mcp_remote(place.url, *words)

    assert place.knows(way, before)
    assert place.knows(way, after)


async def test_mcp_remote_on_a_device(port: int, stateful: str, tmp_path: Path) -> None:
    async def type_code(url: str) -> None:
        await visit(url, {"name": "ada", "password": PASSWORD})

    machine = Machine(tmp_path).without_a_person()
    async with login_place(port, stateful, tmp_path) as place:
        before = await machine.mcp_remote_on_a_device(place.url, type_code)
        machine.spoil_tokens()
        after = await machine.mcp_remote(place.url, "--device-code")

    assert place.knows("dynamic", before)
    assert place.knows("dynamic", after)


async def test_mcp_remote_for_itself(port: int, stateful: str, tmp_path: Path) -> None:
    robot = json.dumps({"client_id": ROBOT, "client_secret": SECRET})
    machine = Machine(tmp_path).without_a_person()
    async with login_place(port, stateful, tmp_path) as place:
        seen = await machine.mcp_remote(
            place.url, "--client-credentials", "--static-oauth-client-info", robot
        )

    assert seen["x-user-id"] == "client:robot"


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("dynamic", ["--protocol-era", "legacy"]),
        ("document", ["--protocol-era", "modern", "--client-metadata-url"]),
        ("configured", ["--protocol-era", "auto", "--client-id", "host"]),
    ],
)
async def test_inspector(
    port: int, stateful: str, tmp_path: Path, way: Way, words: list[str]
) -> None:
    machine = Machine(tmp_path)
    with reserved_port() as own_port:
        words = ["--callback-url", f"http://127.0.0.1:{own_port}/oauth/callback", *words]
        async with login_place(port, stateful, tmp_path) as place:
            words = [*words, place.document] if way == "document" else words
            before = await machine.inspector(place.url, *words)
            machine.spoil_tokens()
            after = await machine.without_a_person().inspector(place.url, *words)

    assert place.knows(way, before)
    assert place.knows(way, after)


@pytest.mark.parametrize("name", ["mcp_remote", "inspector"])
async def test_client_that_is_known_no_more_registers_anew(
    port: int, stateful: str, tmp_path: Path, name: str
) -> None:
    """Another gateway at the same address has another sealing key."""
    with reserved_port() as own_port:
        callback = ["--callback-url", f"http://127.0.0.1:{own_port}/oauth/callback"]
        use = partial(getattr(Machine(tmp_path), name), f"http://127.0.0.1:{port}/mcp")
        words = callback if name == "inspector" else []
        async with login_place(port, stateful, tmp_path):
            before = await use(*words)
        async with login_place(port, stateful, tmp_path):
            after = await use(*words)

    assert before["x-user-id"] == after["x-user-id"] == "ada"
    assert before["x-client-id"] != after["x-client-id"]


@with_fastmcp
@pytest.mark.parametrize("way", ["dynamic", "document", "configured"])
async def test_fastmcp(port: int, stateful: str, tmp_path: Path, way: Way) -> None:
    async with login_place(port, stateful, tmp_path) as place:
        known = {
            "document": {"metadataUrl": place.document},
            "configured": {"clientId": CONFIGURED},
        }
        seen = await Machine(tmp_path).fastmcp(url=place.url, **known.get(way, {}))

    before, after = seen["results"]
    assert place.knows(way, before)
    assert place.knows(way, after)
    assert len({each["refresh_token"] for each in seen["tokens"]}) == 2


@with_fastmcp
async def test_fastmcp_for_itself(port: int, stateful: str, tmp_path: Path) -> None:
    async with login_place(port, stateful, tmp_path) as place:
        seen = await Machine(tmp_path).fastmcp(
            url=place.url, forItself=True, clientId=ROBOT, clientSecret=SECRET
        )

    assert [each["x-user-id"] for each in seen["results"]] == ["client:robot"] * 2
