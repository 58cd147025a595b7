import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.client.status import command
from gateway.client.tokens.logins import with_login
from gateway.client.tokens.token_file import TokenFile
from tests.unit.client.tokens.test_logins import BARE, LOGIN


@pytest.fixture
def state(tmp_path: Path) -> dict[str, str]:
    file = TokenFile(tmp_path / "mcpgw")
    file.change(lambda logins: with_login(with_login(logins, LOGIN), BARE))
    return {"XDG_STATE_HOME": str(tmp_path)}


def test_every_login_is_a_row(state: dict[str, str]) -> None:
    head, expired, endless = CliRunner().invoke(command, env=state).output.splitlines()

    assert head.split() == ["SERVER", "ISSUER", "SCOPES", "EXPIRES", "RENEWABLE"]
    assert "a b" in expired
    assert expired.endswith("1970-01-01T01:16:40Z (expired)  yes")
    assert endless.endswith("as asked  unknown                         no")


def test_json_has_no_credential(state: dict[str, str]) -> None:
    output = CliRunner().invoke(command, ["--json"], env=state).output

    assert [each["issuer"] for each in json.loads(output)] == [LOGIN.issuer, BARE.issuer]
    assert not any(f'"{secret}"' in output for secret in ("access", "refresh", "s3cret"))


def test_no_login_says_what_makes_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, env={"XDG_STATE_HOME": str(tmp_path)})

    assert "mcpgw login URL" in result.output


def test_control_characters_reach_no_terminal(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "mcpgw")
    file.change(lambda logins: with_login(logins, replace(LOGIN, issuer="https://\x1b[2J")))

    assert "\x1b" not in CliRunner().invoke(command, env={"XDG_STATE_HOME": str(tmp_path)}).output
