"""The command line as a script sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.main import EX_CONFIG


def mcpgw(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", *words]
    return subprocess.run(  # noqa: S603  # our own command
        command, capture_output=True, text=True, cwd=folder, check=False, timeout=30
    )


def test_the_version_is_told_two_ways() -> None:
    assert mcpgw("version").stdout.startswith("mcpgw ")
    assert mcpgw("--version").stdout.startswith("mcpgw")


def test_help_names_every_command_without_loading_the_server() -> None:
    code = "import sys, gateway.cli.main as m; m.cli(['--help'], standalone_mode=False); "
    code += "print('aiohttp' in sys.modules)"

    shown = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    ).stdout

    for command in ("run", "config", "token", "version"):
        assert f"  {command} " in shown
    assert shown.endswith("False\n")


@pytest.mark.parametrize("words", [["nonsense"], ["run", "--nonsense"], ["run", "--issuer", "x"]])
def test_wrong_usage_is_2_and_says_so_on_stderr(words: list[str]) -> None:
    done = mcpgw(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr


def test_a_bad_configuration_is_78_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("upstreem: x\n", encoding="utf-8")

    done = mcpgw("run", folder=tmp_path)

    assert (done.returncode, done.stdout) == (EX_CONFIG, "")
    assert "config.yaml:1:1: upstreem: unknown key, did you mean 'upstream'?" in done.stderr


@pytest.mark.requirement("U8")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("mcpgw ex", "plain,explain"), ("mcpgw run --al", "plain,--allow")],
)
def test_a_shell_completes_commands_and_flags(typed: str, offered: str) -> None:
    """As docs/running.md sets it up."""
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    environment = {**os.environ, **asked, "_MCPGW_COMPLETE": "bash_complete"}
    words = [sys.executable, "-m", "gateway"]

    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)  # noqa: S603  # ours

    assert offered in done.stdout.splitlines()
