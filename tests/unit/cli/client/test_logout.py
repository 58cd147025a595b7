import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.client.logout import command
from gateway.client.tokens.logins import with_login
from gateway.client.tokens.token_file import TokenFile
from tests.support.issuer_service import IssuerService, Scene
from tests.unit.client.tokens.test_logins import LOGIN


async def _log_out(folder: Path, revoking: Scene) -> Result:
    file = TokenFile(folder / "mcpgw")
    async with IssuerService({"/revoke": revoking}) as service:
        login = replace(LOGIN, revocation_endpoint=f"{service.url}/revoke")
        file.change(lambda logins: with_login(logins, login))
        environ = {"XDG_STATE_HOME": str(folder)}
        return await asyncio.to_thread(CliRunner().invoke, command, [LOGIN.server_url], env=environ)


async def test_tokens_are_revoked_and_forgotten(tmp_path: Path) -> None:
    result = await _log_out(tmp_path, Scene())

    assert (result.exit_code, result.stderr) == (0, "")
    assert TokenFile(tmp_path / "mcpgw").read() == []


@pytest.mark.parametrize("status", [400, 503])
async def test_issuer_that_cannot_be_told_is_no_reason_to_keep_them(
    status: int, tmp_path: Path
) -> None:
    result = await _log_out(tmp_path, Scene({}, status))

    assert result.exit_code == 1
    assert "forgotten here, and good until 1970-01-01T01:16:40Z" in result.stderr
    assert TokenFile(tmp_path / "mcpgw").read() == []
