import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.client.access_token import command
from gateway.cli.main import cli
from gateway.client.tokens.logins import Tokens, with_login
from gateway.client.tokens.token_file import TokenFile
from tests.support.issuer_service import IssuerService, Scene
from tests.support.open_server import open_to_all
from tests.unit.client.tokens.test_logins import LOGIN

FRESH = "import sys, gateway.cli.main as m; m.cli({words}, standalone_mode=False); " + (
    "print([name for name in ('aiohttp', 'pydantic') if name in sys.modules])"
)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = replace(LOGIN, tokens=Tokens("abc", time.time(), time.time() + 3600))
    TokenFile(tmp_path / "mcpgw").change(lambda logins: with_login(logins, fresh))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.usefixtures("state")
def test_fresh_token_is_printed_without_loading_what_asks_for_one() -> None:
    code = FRESH.format(words=["token", LOGIN.server_url])

    shown = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert (shown.stdout, shown.stderr) == ("abc\n[]\n", "")


@pytest.mark.usefixtures("state")
def test_token_without_a_url_is_still_the_group() -> None:
    runner = CliRunner()

    assert "mcpgw token URL" in runner.invoke(cli, ["token", "--help"]).output
    assert "inspect" in runner.invoke(cli, ["token", "--help"]).output
    assert runner.invoke(cli, ["token", "nonsense"]).exit_code == 2
    assert (
        "renewed where it is about" in runner.invoke(cli, ["token", "https://x", "--help"]).output
    )


async def test_token_that_expires_is_renewed_and_one_of_nobody_is_asked_for(
    tmp_path: Path,
) -> None:
    file = TokenFile(tmp_path / "mcpgw")
    async with IssuerService({"/mcp": open_to_all}) as service:
        service.scenes["/token"] = Scene({"access_token": "new", "token_type": "Bearer"})
        login = replace(LOGIN, token_endpoint=f"{service.url}/token")
        file.change(lambda logins: with_login(logins, login))
        renewed, unneeded, missing = [
            await asyncio.to_thread(
                CliRunner().invoke, command, [url], env={"XDG_STATE_HOME": str(tmp_path)}
            )
            for url in (LOGIN.server_url, f"{service.url}/mcp", f"{service.url}/other")
        ]

    assert (renewed.stdout, unneeded.stdout, missing.stdout) == ("new\n", "", "")
    assert unneeded.stderr.endswith("/mcp needs no token\n")
    assert "nobody is logged in" in missing.stderr
