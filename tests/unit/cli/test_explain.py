"""`mcpgw explain`: the answer of the gateway, and each rule's part in it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.explain import command
from gateway.cli.token import command as token_command

CONFIG = """\
public_url: http://127.0.0.1:8080
upstream: http://127.0.0.1:9000/mcp
issuer: local
scopes: [mcp:read]
state_dir: state
tools: {gateway: [cli_status, cli_whoami]}
rules:
  - {tools: [get_a], arguments: {path: {glob: "/data/*"}}, allow: any}
  - {tools: ["get_*"], allow: {scopes: [mcp:write]}, name: writers}
  - {tools: [look], annotations: {readOnlyHint: true}, allow: {groups: [dev]}}
  - {tools: [open], allow: anonymous}
  - {tools: [trial], allow: nobody, mode: shadow}
  - {resources: ["x:b"], allow: nobody, name: closed}
  - {resources: ["x:*"], allow: any}
"""
ADA = ["--subject", "ada", "--scope", "mcp:read"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def explain(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["--config", str(config), *arguments])


@pytest.mark.parametrize(
    ("arguments", "answer", "code"),
    [
        ([*ADA, "--tool", "get_a", "--args", '{"path":"/data/x"}'], "allowed", 0),
        ([*ADA, "--tool", "get_a"], "denied until there is a scope: mcp:write", 1),
        ([*ADA, "--tool", "look"], "denied: no_rule", 1),
        ([*ADA, "--tool", "look", "--hint", "readOnlyHint=true"], "denied: group_missing", 1),
        (
            [*ADA, "--group", "dev", "--tool", "look", "--hint", "readOnlyHint=true"],
            "allowed",
            0,
        ),
        ([*ADA, "--resource", "x:%61"], "allowed", 0),
        ([*ADA, "--resource", "x:%62?v"], "denied: nobody_allowed", 1),
        ([*ADA, "--resource", "x:a?"], "denied: ambiguous_name", 1),
        ([*ADA, "--tool", "trial"], "denied: no_rule", 1),
        ([*ADA, "--method", "tools/list"], "allowed", 0),
        (["--subject", "ada", "--tool", "open"], "denied until there is a scope: mcp:read", 1),
        (["--tool", "open"], "allowed", 0),
        (["--tool", "get_a"], "denied until there is a token", 1),
        (["--tool", "cli_status"], "allowed", 0),
        (["--tool", "cli_whoami"], "denied until there is a token", 1),
        ([*ADA, "--tool", "cli_whoami"], "allowed", 0),
        (
            ["--subject", "ada", "--tool", "cli_status"],
            "denied until there is a scope: mcp:read",
            1,
        ),
    ],
)
def test_the_answer_is_told(config: Path, arguments: list[str], answer: str, code: int) -> None:
    result = explain(config, *arguments)

    assert (result.output.splitlines()[-1], result.exit_code) == (answer, code)


def test_each_rule_says_why_it_did_or_did_not_decide(config: Path) -> None:
    report = json.loads(explain(config, *ADA, "--tool", "get_a", "--json").output)

    assert report["steps"] == [
        {"rule": "allow", "said": "allowed", "decides": False},
        {"rule": "rules[0]", "said": "the arguments do not match", "decides": False},
        {
            "rule": "writers",
            "said": "denied until there is a scope: mcp:write",
            "decides": True,
        },
    ]


def test_a_token_says_who_calls(config: Path) -> None:
    issue = ["issue", "--config", str(config), "--subject", "ada", "--scope", "mcp:read mcp:write"]
    token = CliRunner().invoke(token_command, issue).output.strip()

    result = explain(config, "--token", token, "--tool", "get_a")
    bad = explain(config, "--token", f"{token}x", "--tool", "get_a")

    assert (result.output.splitlines()[-1], result.exit_code) == ("allowed", 0)
    assert bad.exit_code == 1
    assert "bad_signature" in bad.output or "malformed" in bad.output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--tool", "a", "--prompt", "b"],
        ["--tool", "a", "--args", "{"],
        ["--tool", "a", "--args", "[]"],
        ["--tool", "a", "--hint", "x"],
    ],
)
def test_a_question_that_makes_no_sense_is_a_usage_error(
    config: Path, arguments: list[str]
) -> None:
    assert explain(config, *ADA, *arguments).exit_code == 2
