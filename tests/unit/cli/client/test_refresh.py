import asyncio
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from gateway.cli.client.refresh import command
from gateway.client.tokens.logins import with_login
from gateway.client.tokens.token_file import TokenFile
from tests.support.issuer_service import IssuerService, Scene
from tests.unit.client.tokens.test_logins import LOGIN

FRESH = Scene({"access_token": "new", "token_type": "Bearer"})


async def test_token_is_renewed_whether_it_needs_it_or_not(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "mcpgw")
    async with IssuerService({"/token": FRESH}) as service:
        login = replace(LOGIN, token_endpoint=f"{service.url}/token")
        file.change(lambda logins: with_login(logins, login))
        environ = {"XDG_STATE_HOME": str(tmp_path)}
        result = await asyncio.to_thread(
            CliRunner().invoke, command, [LOGIN.server_url], env=environ
        )

    assert (result.exit_code, result.output) == (0, "renewed, until ?\n")
    assert file.read()[0].tokens.access_token == "new"  # noqa: S105  # not a password
