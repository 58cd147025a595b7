"""Clients that people use log in here, and their people at a provider that registers nobody.

The provider knows one client, the gateway, and ignores `resource`.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.identity_provider import OidcProvider, running_oidc_provider
from tests.support.login_at_provider import callback_url, gateway_at_provider
from tests.support.mcp_servers import running_mcp_server
from tests.support.ports import reserved_port
from tests.support.real_clients import Machine


@pytest.fixture(scope="module")
def stateful() -> Iterator[str]:
    with running_mcp_server("stateful") as url:
        yield url


@pytest.fixture
def provider(port: int) -> Iterator[OidcProvider]:
    with running_oidc_provider("unbound", callback_url(port)) as running:
        yield running


def is_ada(seen: Mapping[str, Any]) -> bool:
    return bool(seen["x-user-id"] == "ada" and seen["x-user-email"] == "ada@example.com")


@pytest.mark.parametrize(("sdk", "mode"), [(1, "legacy"), (2, "2026-07-28")])
async def test_typescript_sdk(
    port: int, stateful: str, provider: OidcProvider, tmp_path: Path, sdk: int, mode: str
) -> None:
    async with gateway_at_provider(port, stateful, provider) as url:
        seen = await Machine(tmp_path).typescript(sdk=sdk, url=url, mode=mode, tool="whoami")

    assert [is_ada(each) for each in seen["results"]] == [True, True]
    assert seen["logins"] == 1


async def test_mcp_remote(port: int, stateful: str, provider: OidcProvider, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    async with gateway_at_provider(port, stateful, provider) as url:
        before = await machine.mcp_remote(url)
        machine.spoil_tokens()
        after = await machine.without_a_person().mcp_remote(url)

    assert is_ada(before)
    assert is_ada(after)


async def test_inspector(port: int, stateful: str, provider: OidcProvider, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with reserved_port() as own_port:
        words = ("--callback-url", f"http://127.0.0.1:{own_port}/oauth/callback")
        async with gateway_at_provider(port, stateful, provider) as url:
            before = await machine.inspector(url, *words)
            machine.spoil_tokens()
            after = await machine.without_a_person().inspector(url, *words)

    assert is_ada(before)
    assert is_ada(after)


@pytest.mark.skipif(
    importlib.util.find_spec("fastmcp") is None, reason="only with the dependency group `interop`"
)
async def test_fastmcp(port: int, stateful: str, provider: OidcProvider, tmp_path: Path) -> None:
    async with gateway_at_provider(port, stateful, provider) as url:
        seen = await Machine(tmp_path).fastmcp(url=url)

    assert [is_ada(each) for each in seen["results"]] == [True, True]
