"""Whole logins are in integration/test_command_line_client.py."""

import threading
import webbrowser

import pytest
from click.testing import CliRunner

from gateway.cli.client.login import browse, command

URL = "https://mcp.example/mcp"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["http://mcp.example/mcp"], "expected https"),
        (["mcp.example"], "such as https://"),
        ([URL, "--client-secret"], "name it with --client-id"),
        ([URL, "--client-id", "a", "--client-secret"], "MCPGW_CLIENT_SECRET"),
        ([URL, "--port", "70000"], "--port"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_write(words: list[str], text: str) -> None:
    result = CliRunner().invoke(command, words)

    assert result.exit_code == 2
    assert text in result.stderr


@pytest.mark.parametrize(("screen", "opens"), [("", False), (":0", True)])
def test_browser_is_opened_only_where_there_is_a_screen(
    screen: str, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, done = list[str](), threading.Event()

    def note(url: str) -> bool:
        opened.append(url)
        done.set()
        raise webbrowser.Error("no browser after all")

    monkeypatch.setattr(webbrowser, "open", note)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("BROWSER", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", screen)

    browse(URL)

    assert done.wait(5 if opens else 0) is opens
    assert opened == [URL] * opens
