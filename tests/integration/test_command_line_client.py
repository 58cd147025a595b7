"""`mcpgw login` and its siblings before the gateway and a certified provider, as processes."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.browser import visit
from tests.support.command_line import CommandLine
from tests.support.gateway import FullKeys, full_config, running_gateway, short_config
from tests.support.identity_provider import OidcProvider
from tests.support.mcp_servers import running_mcp_server

LOGIN_LIMIT_S = 30.0
GONE = "https://nobody.example/mcp"


@pytest.fixture(scope="module")
def open_server() -> Iterator[str]:
    """An MCP server that wants no token."""
    with running_mcp_server("stateful") as url:
        yield url


@pytest.fixture
def ada(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "state")


@asynccontextmanager
async def protected(upstream: str, provider: OidcProvider, port: int) -> AsyncIterator[str]:
    """Put the gateway in front of a server and give the URL that people type."""
    async with running_gateway(short_config(port, upstream, provider.issuer)):
        yield f"http://127.0.0.1:{port}/mcp"


async def test_login_opens_a_browser_and_its_token_opens_the_server(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        said = await ada.succeed("login", url)
        called = await ada.succeed("call", url, "whoami")

    assert said.startswith(f"logged in to {url} at {oidc_provider.issuer}, until ")
    assert said.endswith("then renewed by itself")
    assert json.loads(called)["x-user-id"] == "ada"


async def test_nobody_else_may_read_the_tokens(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)

    assert stat.S_IMODE(ada.token_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(ada.token_file.parent.stat().st_mode) == 0o700


async def test_only_token_prints_a_token(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        runs = [await ada.run("login", url)]
        tokens = ada.tokens()
        printed = await ada.succeed("token", url)
        others = (("whoami", url), ("status", "--json"), ("call", url), ("refresh", url))
        runs += [await ada.run(*words) for words in (*others, ("logout", url))]

    assert printed == tokens["access_token"]
    secrets = [str(tokens[name]) for name in ("access_token", "refresh_token")]
    for ran in runs:
        assert ran.code == 0, ran.err
        assert not any(secret in ran.out + ran.err for secret in secrets)


async def test_token_that_is_about_to_expire_is_renewed(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)
        before = await ada.succeed("token", url)
        ada.edit_login(expires_at=0)
        renewed = await ada.succeed("token", url)
        again = await ada.succeed("token", url)

    assert before != renewed
    assert renewed == again


async def test_call_renews_a_token_that_the_server_refuses(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)
        ada.edit_login(access_token="revoked-meanwhile")  # noqa: S106  # not a password
        sum_of_both = await ada.succeed("call", url, "add", "a=2", "b=3")

    assert sum_of_both == "5"


async def test_progress_is_shown_on_the_other_stream(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)
        ran = await ada.run("call", url, "count", "to=3")

    assert ran.out == "3\n"
    assert ran.err.splitlines() == ["1/3 step 1", "2/3 step 2", "3/3 step 3"]


async def test_tools_are_listed_with_what_they_take(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)
        listed = (await ada.succeed("call", url)).splitlines()
        raw = json.loads(await ada.succeed("call", url, "--json"))

    assert "add a=<integer> b=<integer>" in listed
    assert "count to=<integer> [delay_s=<number>]" in listed
    assert {tool["name"] for tool in raw} == {"whoami", "add", "count"}


async def test_whoami_and_status_say_what_is_known(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)
        who = json.loads(await ada.succeed("whoami", url, "--json"))
        shown = await ada.succeed("whoami", url)
        (kept,) = json.loads(await ada.succeed("status", "--json"))

    assert who["claims"]["sub"] == "ada"
    assert (who["server"], who["issuer"]) == (url, oidc_provider.issuer)
    assert kept == {name: value for name, value in who.items() if name != "claims"}
    assert "ada@example.com" in shown


async def test_login_without_a_browser_here(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    """RFC 8628: the code is typed where there is a browser."""
    async with protected(open_server, oidc_provider, port) as url:
        process = await ada.start("login", url, "--device")
        assert process.stderr is not None
        async with asyncio.timeout(LOGIN_LIMIT_S):
            told = [(await process.stderr.readline()).decode() for _ in range(2)]
            await visit(told[1].split()[-1], {"login": "grace"})
            out, err = await process.communicate()
        called = await ada.succeed("call", url, "whoami")

    assert process.returncode == 0, err
    assert told[0].startswith("Go to http://127.0.0.1")
    assert out.startswith(b"logged in to ")
    assert json.loads(called)["x-user-id"] == "grace"


async def test_logout_ends_the_login_at_the_issuer_and_here(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    """RFC 7009 §2.1."""
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)
        copy = ada.token_file.read_text()
        await ada.succeed("logout", url)
        kept = json.loads(ada.token_file.read_text())["logins"]
        ada.token_file.write_text(copy)
        ada.edit_login(expires_at=0)
        refused = await ada.run("token", url)

    assert kept == []
    assert (refused.code, refused.out) == (1, "")
    assert "the login is over" in refused.err
    assert refused.err.endswith(f"run `mcpgw login {url}`\n")


async def test_second_login_takes_the_place_of_the_first(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    """Each has a callback port and a client of its own; neither is what a login is kept by."""
    async with protected(open_server, oidc_provider, port) as url:
        await ada.succeed("login", url)
        await ada.succeed("login", url)
        kept = json.loads(await ada.succeed("status", "--json"))

    assert len(kept) == 1


async def test_scope_that_a_call_needs_is_named(
    oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    rules = "rules: [{tools: [add], allow: {scopes: [mcp:write]}}, {tools: ['*'], allow: any}]"
    keys = FullKeys(server=rules)
    async with running_gateway(full_config(port, open_server, oidc_provider.issuer, keys)):
        url = f"http://127.0.0.1:{port}/mcp"
        await ada.succeed("login", url, "--scope", "mcp:read")
        ran = await ada.run("call", url, "add", "a=1", "b=2")

    assert ran.code == 1
    assert f"run `mcpgw login {url} --scope mcp:read --scope mcp:write`" in ran.err


async def test_server_that_needs_no_token_says_so(open_server: str, ada: CommandLine) -> None:
    login, token = await ada.run("login", open_server), await ada.run("token", open_server)
    called = await ada.succeed("call", open_server, "add", "a=2", "b=3")

    assert (login.code, token.code, called) == (1, 1, "5")
    assert login.err == token.err == f"mcpgw: {open_server} needs no token\n"


@pytest.mark.parametrize("name", ["token", "whoami", "refresh", "logout"])
async def test_who_is_not_logged_in_is_told_how(
    name: str, oidc_provider: OidcProvider, port: int, open_server: str, ada: CommandLine
) -> None:
    async with protected(open_server, oidc_provider, port) as url:
        ran = await ada.run(name, url)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"mcpgw: nobody is logged in to {url}: run `mcpgw login {url}`\n"
