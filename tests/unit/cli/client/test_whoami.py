from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from gateway.cli.client.whoami import command
from gateway.client.tokens.logins import Tokens, with_login
from gateway.client.tokens.token_file import TokenFile
from gateway.oauth.base64url import encode_base64url
from tests.unit.client.tokens.test_logins import LOGIN


def _shown(folder: Path, token: str, *words: str) -> str:
    login = replace(LOGIN, tokens=Tokens(token, 0.0))
    TokenFile(folder / "mcpgw").change(lambda logins: with_login(logins, login))
    words = (LOGIN.server_url, *words)
    return CliRunner().invoke(command, words, env={"XDG_STATE_HOME": str(folder)}).output


def test_what_a_token_says_is_shown_without_the_token(tmp_path: Path) -> None:
    claims = b'{"sub":"ada","admin":true,"groups":["a","b"],"name":"A\\u001b[2J"}'
    token = ".".join(encode_base64url(each).decode() for each in (b'{"alg":"x"}', claims, b"sig"))

    shown = _shown(tmp_path, token)

    rows = dict(line.split("  ", 1) for line in shown.splitlines())
    assert (rows["token sub"].strip(), rows["token admin"].strip()) == ("ada", "yes")
    assert rows["token groups"].strip() == '["a", "b"]'
    assert rows["expires"].strip() == "unknown"
    assert not any(part in shown for part in ("\x1b", *token.split(".")))


def test_opaque_token_says_nothing(tmp_path: Path) -> None:
    assert "opaque: only its issuer can read it" in _shown(tmp_path, "abc")
    assert '"claims": null' in _shown(tmp_path, "abc", "--json")
