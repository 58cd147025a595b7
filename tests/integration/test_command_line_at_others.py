"""`mcpgw login` at protected servers of other makers, with authorization servers of their own."""

import importlib.util
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.identity_provider import OidcProvider, running_fastmcp_server
from tests.support.sdk_protected_server import SCOPE, MemoryProvider, running_sdk_server

with_fastmcp = pytest.mark.skipif(
    importlib.util.find_spec("fastmcp") is None, reason="only with the dependency group `interop`"
)


async def test_server_of_the_official_sdk(tmp_path: Path) -> None:
    provider, grace = MemoryProvider(), CommandLine(tmp_path)
    with running_sdk_server(provider) as url:
        await grace.succeed("login", url)
        (token,) = provider.access_tokens.values()
        called = await grace.run("call", url, "count", "to=2")
        before = await grace.succeed("token", url)
        await grace.succeed("refresh", url)
        after = await grace.succeed("token", url)
        await grace.succeed("logout", url)

    assert (token.resource, token.scopes) == (url, [SCOPE])
    assert (called.out, called.err) == ("2\n", "1/2 step 1\n2/2 step 2\n")
    assert before != after
    assert provider.refresh_tokens == {}
    assert after not in provider.access_tokens


@with_fastmcp
async def test_server_of_fastmcp_with_its_own_authorization_server(tmp_path: Path) -> None:
    person = CommandLine(tmp_path / "state")
    with running_fastmcp_server(tmp_path, "own") as url:
        await person.succeed("login", url)
        called = await person.run("call", url, "count", "to=2")
        before = await person.succeed("token", url)
        await person.succeed("refresh", url)
        after = await person.succeed("token", url)
        await person.succeed("logout", url)

    assert (called.out, called.err) == ("2\n", "1/2 step 1\n2/2 step 2\n")
    assert before != after


@with_fastmcp
async def test_server_of_fastmcp_with_its_oauth_proxy(
    oidc_provider: OidcProvider, tmp_path: Path
) -> None:
    """It asks for consent on a page of its own, and its issuer gives it no refresh token."""
    person = CommandLine(tmp_path / "state")
    with running_fastmcp_server(tmp_path, "proxy", oidc_provider.issuer) as url:
        await person.succeed("login", url)
        called = await person.succeed("call", url, "count", "to=2")
        refreshed, logged_out = await person.run("refresh", url), await person.run("logout", url)

    assert called == "2"
    assert "gave no refresh token" in refreshed.err
    assert "offers no revocation; the token is forgotten here" in logged_out.err
