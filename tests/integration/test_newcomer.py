"""The first five minutes: what `make run` starts and prints, pasted into a real shell."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import run
from tests.support.ports import reserved_port
from tests.support.processes import read_until, stop

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 20.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the project's own `config.yaml` on other ports."""
    with reserved_port() as public, reserved_port() as admin, reserved_port() as upstream:
        text = (ROOT / "config.yaml").read_text(encoding="utf-8")
        text = text.replace(":8080", f":{public}").replace(":9000", f":{upstream}")
        text += f'\nadmin: {{listen: "127.0.0.1:{admin}"}}\n'
        if f"listen: 127.0.0.1:{public}" not in text:
            text += f"listen: 127.0.0.1:{public}\n"
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        yield tmp_path


@pytest.fixture
def first_look(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(folder)
    yield process
    stop(process)


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own script
        [sys.executable, str(ROOT / "examples" / "run.py")],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )


def printed_commands(process: subprocess.Popen[str]) -> list[str]:
    lines = read_until(process, "Ctrl-C ends both", limit_s=START_LIMIT_S)
    return [line.strip() for line in lines if line.startswith(("  curl", "  TOKEN="))]


def paste(folder: Path, *commands: str) -> str:
    shell = ["bash", "-euc", "\n".join(commands)]
    done = subprocess.run(shell, cwd=folder, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603  # what the project prints
    return done.stdout


def test_first_command_is_challenged(first_look: subprocess.Popen[str], folder: Path) -> None:
    unauthenticated, _, _ = printed_commands(first_look)

    answer = paste(folder, unauthenticated)

    assert answer.startswith("HTTP/1.1 401")
    assert "resource_metadata=" in answer


def test_pasted_token_calls_a_tool_and_the_server_learns_who(
    first_look: subprocess.Popen[str], folder: Path
) -> None:
    _, issue_token, call_tool = printed_commands(first_look)

    answer = json.loads(paste(folder, issue_token, call_tool))

    assert answer["result"]["structuredContent"]["x-user-id"] == "ada"
    assert answer["result"]["structuredContent"]["x-user-scopes"] == "mcp:read"


def test_ctrl_c_ends_both_programs(first_look: subprocess.Popen[str], folder: Path) -> None:
    printed_commands(first_look)
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    addresses = set(re.findall(r"127\.0\.0\.1:\d+", text))
    assert all(run.is_listening(address) for address in addresses)

    first_look.send_signal(signal.SIGINT)

    assert first_look.wait(10) == 0
    assert not [address for address in addresses if run.is_listening(address)]


def test_busy_port_is_named(first_look: subprocess.Popen[str], folder: Path) -> None:
    printed_commands(first_look)

    second = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, str(ROOT / "examples" / "run.py")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert second.returncode == 1
    assert "is in use" in second.stderr
