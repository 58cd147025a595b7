"""Many processes of one person share one refresh token, which is good for one use."""

import asyncio
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from gateway.client.tokens.logins import Tokens, with_login
from gateway.client.tokens.token_file import TokenFile
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.unit.client.tokens.test_logins import LOGIN

PROCESSES, LIMIT_S = 50, 60.0
# All are forked from one that has imported everything: they begin at once, on any machine.
AT_ONCE = """
import os, sys
import gateway.client.tokens.refresh
from gateway.cli.client.access_token import command

children = []
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        command(sys.argv[2:])
    children.append(child)
sys.exit(max(os.waitpid(child, 0)[1] for child in children) != 0)
"""


async def test_fifty_processes_with_an_expired_token_renew_it_once(tmp_path: Path) -> None:
    def rotate(asked: Asked) -> Scene:
        if asked.form["refresh_token"] != "first":  # noqa: S105  # not a password
            return Scene({"error": "invalid_grant"}, 400)
        members = {"token_type": "Bearer", "expires_in": 3600, "refresh_token": "second"}
        return Scene({"access_token": "renewed", **members})

    file = TokenFile(tmp_path / "mcpgw")
    async with IssuerService({"/token": rotate}) as service:
        old = Tokens("expired", 0.0, time.time() - 1, "first")
        login = replace(LOGIN, token_endpoint=f"{service.url}/token", tokens=old)
        file.change(lambda logins: with_login(logins, login))

        code, out, err = await _run(tmp_path, AT_ONCE, str(PROCESSES), LOGIN.server_url)

    assert (code, err) == (0, "")
    assert out == "renewed\n" * PROCESSES
    assert service.count("/token") == 1
    assert file.read()[0].tokens.refresh_token == "second"  # noqa: S105  # not a password


async def _run(state: Path, code: str, *words: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()
