"""`mcpgw config`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.config import command
from gateway.config.schema import schema_text
from tests.unit.config.samples import SHORT


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_a_good_configuration_is_ok(config: Path) -> None:
    done = run("check", "--config", str(config))

    assert done.exit_code == 0
    assert done.stdout == f"ok: {config}: 1 server, 1 issuer\n"


def test_a_server_that_nobody_may_use_is_warned_about(config: Path) -> None:
    config.write_text(SHORT.replace("allow: any\n", ""), encoding="utf-8")

    done = run("check", "--config", str(config))

    assert done.exit_code == 0
    assert "nobody gets in" in done.stderr


def test_mistakes_for_scripts_are_json(config: Path) -> None:
    config.write_text(SHORT + "lissten: :80\n", encoding="utf-8")

    done = run("check", "--json", "--config", str(config))

    report = json.loads(done.stdout)
    assert done.exit_code == 78
    assert report["ok"] is False
    (problem,) = report["problems"]
    assert (problem["line"], problem["path"]) == (5, "lissten")
    assert problem["suggestion"] == "listen"


def test_a_file_that_is_not_there_is_json_too(tmp_path: Path) -> None:
    done = run("check", "--json", "--config", str(tmp_path / "nope.yaml"))

    assert done.exit_code == 78
    assert "--config" in json.loads(done.stdout)["problems"][0]["message"]


def test_the_full_form_is_printed(config: Path) -> None:
    done = run("print", "--config", str(config))

    assert "resource: https://mcp.example.com/mcp" in done.stdout


def test_the_schema_is_printed() -> None:
    assert run("schema").stdout == schema_text()


@pytest.mark.requirement("U1")
def test_a_hint_is_shown_and_is_no_mistake(config: Path) -> None:
    config.write_text(SHORT, encoding="utf-8")

    done = run("check", "--config", str(config))
    report = json.loads(run("check", "--json", "--config", str(config)).stdout)

    assert done.exit_code == 0
    assert "hint: " in done.stderr
    assert "nobody is known to speak TLS" in done.stderr
    assert report["ok"] is True
    assert {each["path"] for each in report["hints"]} == {"scopes", "public_url"}


def test_check_says_what_to_register_at_the_login_provider(config: Path) -> None:
    provider = "provider: {preset: google, client_id: c, client_secret: s}"
    text = SHORT.replace("https://idp.example.com", "local")
    config.write_text(f"{text}authorization_server: {{{provider}}}\n", encoding="utf-8")

    done = run("check", "--config", str(config))

    assert done.exit_code == 0
    assert done.stdout.endswith("redirect URI: https://mcp.example.com/authorize/callback\n")
