"""The command-line client on a machine without a browser: RFC 8628, at the gateway alone."""

import asyncio
import json
from pathlib import Path

from tests.support.command_line import CommandLine
from tests.support.login_gateway import login_gateway
from tests.support.login_pages import PersonsBrowser
from tests.support.mcp_servers import running_mcp_server

LIMIT_S = 30.0


async def test_a_person_types_the_code_elsewhere_and_the_command_line_is_logged_in(
    port: int, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{port}/mcp"
    mcpgw = CommandLine(tmp_path)
    with running_mcp_server("stateful") as stateful:
        async with login_gateway(port, stateful, ", device_login: true"):
            process = await mcpgw.start("login", url, "--device")
            assert process.stderr is not None
            async with asyncio.timeout(LIMIT_S), PersonsBrowser() as browser:
                told = [(await process.stderr.readline()).decode() for _ in range(2)]
                link = told[1].split()[-1]
                form = await browser.open(link)
                consent = await browser.send(form, user_code=link.partition("user_code=")[2])
                login = await browser.send(consent, decision="approve")
                await browser.send(login, name="ada", password=browser.password)
                _, err = await process.communicate()
            called = await mcpgw.succeed("call", url, "whoami")

    assert process.returncode == 0, err
    assert json.loads(called)["x-user-id"] == "ada"
