import base64
import json
import os
import pty
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from gateway.app.sealing_key import KEY_FILE
from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import parse_accounts
from gateway.authserver.accounts.one_time_codes import CodeSecrets
from gateway.authserver.accounts.password import is_right_password
from gateway.cli.user import command
from gateway.sealing.seal import Seal

Run = Callable[..., Result]
CONFIG = """
public_url: https://mcp.example.com
issuers: {corp: {issuer: "https://idp.example.com"}}
servers:
  files: {path: /files, upstream: "http://127.0.0.1:9000/mcp", allow: any}
"""
PASSWORD = "correct horse battery"  # noqa: S105  # an example


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.yaml"


@pytest.fixture
def run(path: Path) -> Run:
    def invoke(name: str, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(command, [name, "--file", str(path), *arguments], input=stdin)

    return invoke


def _accounts(path: Path) -> list[Account]:
    return list(parse_accounts(path.read_text(encoding="utf-8")).by_name.values())


def _add(run: Run, *arguments: str) -> Result:
    result = run("add", *arguments, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.stderr
    return result


def test_an_added_account_has_what_the_flags_say(run: Run, path: Path) -> None:
    _add(
        run,
        *("Ada", "--subject", "ada-1", "--email", "ada@example.com"),
        *("--display-name", "Ada Lovelace", "--group", "dev", "--group", "ops"),
    )

    (account,) = _accounts(path)
    assert (account.name, account.subject, account.email) == ("Ada", "ada-1", "ada@example.com")
    assert (account.display_name, account.groups) == ("Ada Lovelace", ("dev", "ops"))
    assert is_right_password(account.password_hash, PASSWORD.encode())
    assert account.password_set_at is not None


def test_the_file_is_for_its_owner_and_holds_no_password(run: Run, path: Path) -> None:
    result = _add(run, "ada")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text(encoding="utf-8") + result.output


def test_a_made_up_password_is_printed_once_alone(run: Run, path: Path) -> None:
    result = run("add", "ada", "--generate")

    password = result.stdout.removesuffix("\n")
    (account,) = _accounts(path)
    assert is_right_password(account.password_hash, password.encode())
    assert "keep it now" in result.stderr


@pytest.mark.parametrize(
    ("stdin", "complaint"),
    [
        ("too short\n", "at least 15 characters"),
        ("adalovelace has a secret\n", "contains the account's name"),
        ("", "at least 15 characters"),
    ],
)
def test_a_weak_password_is_refused_and_not_repeated(
    run: Run, path: Path, stdin: str, complaint: str
) -> None:
    result = run("add", "adalovelace", "--password-stdin", stdin=stdin)

    assert (result.exit_code, path.exists()) == (2, False)
    assert complaint in result.stderr
    assert not stdin.strip() or stdin.strip() not in result.stderr


def test_without_a_terminal_it_must_be_said_where_the_password_is(run: Run, path: Path) -> None:
    result = run("add", "ada", stdin=PASSWORD)

    assert (result.exit_code, path.exists()) == (2, False)
    assert "--password-stdin" in result.stderr


def test_a_terminal_is_asked_twice_and_shows_nothing(path: Path) -> None:
    controller, terminal = pty.openpty()
    arguments = [sys.executable, "-m", "gateway", "user", "add", "ada", "--file", str(path)]

    with subprocess.Popen(  # noqa: S603  # our own command
        arguments, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    ) as process:
        os.close(terminal)
        shown = b""
        for prompt in (b"Password", b"Repeat"):
            while prompt not in shown:
                shown += os.read(controller, 1024)
            os.write(controller, f"{PASSWORD}\n".encode())
        shown += _rest(controller)
    os.close(controller)

    assert process.returncode == 0, shown
    assert PASSWORD.encode() not in shown
    assert is_right_password(_accounts(path)[0].password_hash, PASSWORD.encode())


def _rest(controller: int) -> bytes:
    read = b""
    try:
        while chunk := os.read(controller, 1024):
            read += chunk
    except OSError:  # how Linux says that nobody has the other end any longer
        pass
    return read


@pytest.mark.parametrize("name", ["ada", "ADA"])
def test_a_name_is_given_once(run: Run, path: Path, name: str) -> None:
    _add(run, "Ada")

    result = run("add", name, "--generate")

    assert result.exit_code == 2
    assert "mcpgw user passwd" in result.stderr
    assert (result.stdout, len(_accounts(path))) == ("", 1)


@pytest.mark.parametrize(
    "arguments", [("ada\n",), ("ada", "--email", "no address"), ("ada", "--group", "")]
)
def test_flags_that_make_no_entry_are_wrong_usage(
    run: Run, path: Path, arguments: tuple[str, ...]
) -> None:
    result = run("add", *arguments, "--generate")

    assert (result.exit_code, path.exists()) == (2, False)
    assert "This makes no entry" in result.stderr


def test_another_password_takes_the_place_of_the_old_one(run: Run, path: Path) -> None:
    _add(run, "ada", "--group", "dev")

    result = run("passwd", "ADA", "--generate")

    (account,) = _accounts(path)
    assert is_right_password(account.password_hash, result.stdout.strip().encode())
    assert not is_right_password(account.password_hash, PASSWORD.encode())
    assert account.groups == ("dev",)


def test_list_shows_every_account_but_no_hash(run: Run, path: Path) -> None:
    _add(run, "Ada", "--email", "ada@example.com", "--group", "dev", "--group", "ops")
    _add(run, "bob")
    run("disable", "bob")

    result = run("list")

    assert [line.split() for line in result.stdout.splitlines()] == [
        ["NAME", "SUBJECT", "EMAIL", "DISPLAY_NAME", "GROUPS", "TOTP", "DISABLED"],
        ["Ada", "Ada", "ada@example.com", "dev", "ops"],
        ["bob", "bob", "yes"],
    ]
    assert "argon2" not in result.stdout + run("list", "--json").stdout


def test_list_as_json_is_a_list(run: Run) -> None:
    _add(run, "ada")

    (account,) = json.loads(run("list", "--json").stdout)

    assert (account["name"], account["disabled"]) == ("ada", False)
    assert account["password_set"].endswith("Z")


def test_who_is_disabled_can_be_enabled_again(run: Run, path: Path) -> None:
    _add(run, "ada")

    assert run("disable", "ada").exit_code == 0
    assert _accounts(path)[0].disabled
    assert run("enable", "ada").exit_code == 0
    assert not _accounts(path)[0].disabled


def test_a_removed_account_is_gone_and_the_others_stay(run: Run, path: Path) -> None:
    _add(run, "ada")
    _add(run, "bob")

    assert run("remove", "ada").exit_code == 0

    assert [each.name for each in _accounts(path)] == ["bob"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_a_code_is_asked_for_once_the_app_knows_its_secret(
    run: Run, path: Path, config: Path
) -> None:
    _add(run, "ada")

    result = run("totp", "ada", "--config", str(config))

    uri = urlsplit(result.stdout.strip())
    assert (uri.scheme, uri.path) == ("otpauth", "/mcp.example.com:ada")
    secret = base64.b32decode(parse_qs(uri.query)["secret"][0])
    (account,) = _accounts(path)
    seal = Seal((path.parent / ".mcpgw" / KEY_FILE).read_bytes())
    assert CodeSecrets(seal).open(account.code_secret or "", "ada", time.time()) == secret
    assert parse_qs(uri.query)["secret"][0] not in path.read_text(encoding="utf-8")


def test_it_can_be_asked_for_no_longer(run: Run, path: Path, config: Path) -> None:
    _add(run, "ada")
    run("totp", "ada", "--config", str(config))

    result = run("totp", "ada", "--off")

    assert (result.exit_code, result.stdout) == (0, "")
    assert _accounts(path)[0].code_secret is None


def test_a_secret_that_no_gateway_could_open_is_not_written(
    run: Run, path: Path, config: Path
) -> None:
    _add(run, "ada")
    (path.parent / ".mcpgw").write_text("no folder", encoding="utf-8")

    result = run("totp", "ada", "--config", str(config))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "the sealing key cannot be kept" in result.stderr
    assert _accounts(path)[0].code_secret is None


@pytest.mark.parametrize("name", ["passwd", "disable", "enable", "remove", "totp"])
def test_an_account_that_is_none_changes_nothing(run: Run, path: Path, name: str) -> None:
    _add(run, "ada")
    before = path.read_bytes()

    result = run(name, "bob")

    assert (result.exit_code, path.read_bytes()) == (1, before)
    assert result.stderr == "mcpgw: there is no account bob\n"
