"""`mcpgw policy`: complaints and suggestions."""

import json
from pathlib import Path

import yaml
from click.testing import CliRunner

from gateway.cli.policy import command
from tests.support.mcp_servers import running_mcp_server

CONFIG = """\
public_url: https://mcp.example.com
issuer: https://idp.example.com
upstream: {upstream}
rules: {rules}
"""


def lint(
    folder: Path, rules: str, *more: str, upstream: str = "http://127.0.0.1:9/mcp"
) -> tuple[int, list[str]]:
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(upstream=upstream, rules=rules), encoding="utf-8")
    arguments = ["lint", "--config", str(path), *more]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout.splitlines()


def test_good_rules_are_no_complaint(tmp_path: Path) -> None:
    assert lint(tmp_path, "[{tools: [a], allow: any}]") == (0, [])


def test_complaints_name_server_and_rule(tmp_path: Path) -> None:
    code, lines = lint(tmp_path, "[{allow: any}, {tools: [a], allow: any}]")

    assert code == 1
    assert lines[0].startswith("mcp: rules[1]: never asked")


def test_the_live_server_is_asked(tmp_path: Path) -> None:
    with running_mcp_server("stateless") as url:
        found = lint(tmp_path, "[{tools: [whoamI], allow: any}]", "--online", upstream=url)

    assert "mcp: rules[0]: the server has no tool like whoamI" in found[1]
    assert "mcp: tool whoami: nobody may call it" in found[1]


def test_a_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    found = lint(tmp_path, "[{tools: [a], allow: any}]", "--online")

    assert found[0] == 1
    assert "its tools are not known" in found[1][0]


def test_rules_are_suggested_from_a_log(tmp_path: Path) -> None:
    call = {"mcp_method": "tools/call", "status": 200, "decision": "allow", "server": "a"}
    events = [call | {"subject": "ada", "name": "x"}, call | {"subject": "b", "server": "b"}]
    events.append(call | {"subject": "eve", "name": "*"})
    log = tmp_path / "audit.jsonl"
    lines = [json.dumps(event) for event in events]
    log.write_text("\n".join([*lines, "", "not json"]), encoding="utf-8")

    result = CliRunner().invoke(command, ["suggest", str(log), "--server", "a"])

    assert yaml.safe_load(result.stdout) == {
        "rules": [
            {"tools": ["[*]"], "allow": {"subjects": ["eve"]}},
            {"tools": ["x"], "allow": {"subjects": ["ada"]}},
        ]
    }
    assert "line 5" in result.stderr


def test_an_unknown_server_is_a_usage_error(tmp_path: Path) -> None:
    assert lint(tmp_path, "[]", "--server", "nope") == (2, [])
