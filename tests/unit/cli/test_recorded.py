"""Requests looked up in an audit file."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.explain import command

pytestmark = pytest.mark.requirement("U4")

CONFIG = """\
public_url: http://127.0.0.1:8080
upstream: http://127.0.0.1:9000/mcp
issuer: local
rules:
  - {tools: [get_*], allow: any, name: readers}
log: {audit_file: AUDIT}
"""
LINE: dict[str, object] = {
    "event": "mcp_request",
    "time": "2026-11-25T00:00:00.000Z",
    "request_id": "abc",
    "server": "mcp",
    "decision": "deny",
    "reason": "expired",
    "status": 401,
    "http_method": "POST",
    "mcp_method": "tools/call",
    "name": "get_x\x1b[2J",
    "subject": "ada",
    "issuer": "https://idp.example.com",
    "verified": False,
}


def explained(folder: Path, *lines: object, words: tuple[str, ...] = ()) -> Result:
    audit = folder / "audit.jsonl"
    audit.write_text(
        "".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in lines),
        encoding="utf-8",
    )
    config = folder / "config.yaml"
    config.write_text(CONFIG.replace("AUDIT", str(audit)), encoding="utf-8")
    return CliRunner().invoke(command, ["--config", str(config), "--request", "abc", *words])


def test_why_a_token_was_refused_is_told_in_words(tmp_path: Path) -> None:
    told = explained(tmp_path, LINE)

    assert told.exit_code == 1
    assert "ada of https://idp.example.com (not verified)" in told.output
    assert told.output.splitlines()[-1] == "answered 401, deny: The access token expired"


def test_what_a_client_wrote_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in explained(tmp_path, LINE).output


def test_the_last_of_several_counts_and_lines_of_others_are_skipped(tmp_path: Path) -> None:
    later = {**LINE, "reason": "ok", "decision": "allow", "status": 200, "rule": "readers"}

    told = explained(tmp_path, LINE, "abc no json\n", {**later, "request_id": "abcd"}, later)

    assert told.exit_code == 0
    assert "=> readers: covers this method and name" in told.output


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"server": "gone"}, "the configuration has no such server"),
        ({"rule": "gone"}, "the rule gone is not in the configuration: it has changed since"),
        ({"rule": "readers", "name": "put_x"}, "=> readers: covers it no longer"),
        ({"subject": None, "mcp_method": None, "server": "", "path": "/x"}, "POST get_x"),
    ],
)
def test_what_has_changed_since_is_said(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    assert message in explained(tmp_path, LINE | changes).output


def test_json_is_for_scripts(tmp_path: Path) -> None:
    report = json.loads(explained(tmp_path, LINE, words=("--json",)).output)

    assert report["record"]["request_id"] == "abc"
    assert report["decision"] == "deny"


def test_a_request_that_is_not_there_says_where_else_to_look(tmp_path: Path) -> None:
    told = explained(tmp_path, {**LINE, "request_id": "other"})

    assert told.exit_code == 1
    assert "--audit FILE" in told.output


def test_without_an_audit_file_one_must_be_named(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.replace("AUDIT", '"-"'), encoding="utf-8")

    told = CliRunner().invoke(command, ["--config", str(config), "--request", "abc"])

    assert told.exit_code == 2
    assert "--audit" in told.output


def test_lines_may_come_from_standard_input(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.replace("AUDIT", '"-"'), encoding="utf-8")
    words = ["--config", str(config), "--request", "abc", "--audit", "-"]

    told = CliRunner().invoke(command, words, input=json.dumps(LINE))

    assert "answered 401" in told.output


def test_an_audit_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.replace("AUDIT", "/nonexistent/audit"), encoding="utf-8")

    told = CliRunner().invoke(command, ["--config", str(config), "--request", "abc"])

    assert "/nonexistent/audit: No such file" in told.output
