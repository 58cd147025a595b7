import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.token import command

Run = Callable[..., Result]

CONFIG = """
public_url: http://127.0.0.1:8080
state_dir: {state}
issuers:
  local: {{issuer: "http://127.0.0.1:8080", local: true}}
servers:
  one:
    path: /one
    resource: http://127.0.0.1:8080/one
    upstream: {{url: "http://127.0.0.1:9000/mcp"}}
    auth: {{issuers: [local]}}
    allow: any
  two:
    path: /two
    resource: http://127.0.0.1:8080/two
    upstream: {{url: "http://127.0.0.1:9001/mcp"}}
    auth: {{issuers: [local]}}
    allow: any
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.format(state=tmp_path / "state"))

    def invoke(name: str, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(command, [name, "--config", str(path), *arguments], input=stdin)

    return invoke


def _issue(run: Run, *arguments: str) -> str:
    result = run("issue", "--server", "one", "--subject", "ada", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()


def _report(result: Result) -> dict[str, object]:
    report = json.loads(result.stdout)
    assert isinstance(report, dict)
    return report


def test_issue_prints_the_token_and_nothing_else(run: Run) -> None:
    result = run("issue", "--server", "one", "--subject", "ada", "--scope", "mcp:read")

    assert result.stdout.count(".") == 2
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


def test_issued_token_is_accepted(run: Run) -> None:
    result = run("inspect", "--server", "one", _issue(run))

    assert result.exit_code == 0
    assert _report(result)["verdict"] == "accepted"


def test_every_flag_becomes_a_claim(run: Run) -> None:
    token = _issue(
        run,
        *("--scope", "b a", "--scope", "c", "--email", "ada@example.com", "--name", "Ada"),
        *("--group", "dev", "--group", "ops", "--role", "admin", "--client", "agent"),
        *("--expires-in", "15m"),
    )

    claims = _report(run("inspect", "--server", "one", token))["claims"]

    assert isinstance(claims, dict)
    assert claims["scope"] == "a b c"
    assert (claims["email"], claims["name"]) == ("ada@example.com", "Ada")
    assert (claims["groups"], claims["roles"]) == (["dev", "ops"], ["admin"])
    assert claims["client_id"] == "agent"
    assert claims["exp"] - claims["iat"] == 900


def test_issue_as_json_is_a_token_response(run: Run) -> None:
    """RFC 6749 §5.1."""
    response = json.loads(_issue(run, "--json"))

    assert response["token_type"] == "Bearer"  # noqa: S105  # not a password
    assert response["expires_in"] == 3600


def test_audience_can_be_another(run: Run) -> None:
    token = _issue(run, "--audience", "https://other.example")

    result = run("inspect", "--server", "one", "--json", token)

    assert result.exit_code == 1
    assert _report(result)["verdict"] == "wrong_audience"
    assert "http://127.0.0.1:8080/one" in result.stderr


@pytest.mark.requirement("C2")
def test_token_for_one_server_is_refused_at_the_other(run: Run) -> None:
    result = run("inspect", "--server", "two", _issue(run))

    assert _report(result)["verdict"] == "wrong_audience"


@pytest.mark.requirement("O4")
def test_inspect_reads_standard_input_and_never_repeats_the_token(run: Run) -> None:
    token = _issue(run)

    result = run("inspect", "--server", "one", "-", stdin=f"{token}\n")

    assert result.exit_code == 0
    assert not any(part in result.output for part in token.split("."))


def test_inspect_names_the_issuer_that_is_not_trusted(run: Run) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9.AAAA"  # noqa: S105  # unsigned

    result = run("inspect", "--server", "one", token)

    assert _report(result)["verdict"] == "wrong_issuer"
    assert "evil.example" in result.stderr


def test_inspect_refuses_an_opaque_token(run: Run) -> None:
    result = run("inspect", "--server", "one", "opaque")

    assert result.exit_code == 1
    assert _report(result)["verdict"] == "malformed"


@pytest.mark.parametrize("arguments", [(), ("--server", "three")])
def test_server_must_be_named_where_there_are_several(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("issue", "--subject", "ada", *arguments)

    assert result.exit_code == 2
    assert "one, two" in result.stderr


@pytest.mark.parametrize("lifetime", ["soon", "0s", "-1h"])
def test_lifetime_must_be_a_duration(run: Run, lifetime: str) -> None:
    result = run("issue", "--server", "one", "--subject", "ada", "--expires-in", lifetime)

    assert result.exit_code == 2
    assert "--expires-in" in result.stderr
