"""The first five minutes: what `make run` starts and prints, pasted into a real shell."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from examples import run
from gateway.config.dump import dump_config
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.config.scalars import HostPort
from tests.support.command_line import CommandLine
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
    assert (
        "is in use: end what listens there, or change `public_url` in config.yaml" in second.stderr
    )


def once(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own script
        [sys.executable, str(ROOT / "examples" / "run.py")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.requirement("U2")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("upstraem: x", "config.yaml:1:1: upstraem: unknown key, did you mean 'upstream'?"),
        ("\tpublic_url: a", "a tab stands here"),
        (None, "Write one, or name it with --config"),
    ],
)
def test_the_configuration_is_checked_first(
    folder: Path, content: str | None, message: str
) -> None:
    (folder / "config.yaml").unlink()
    if content is not None:
        (folder / "config.yaml").write_text(content, encoding="utf-8")

    done = once(folder)

    assert done.returncode == 78
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.requirement("U2")
def test_the_full_form_runs_too(folder: Path) -> None:
    config = load_config(folder / "config.yaml", {})
    (folder / "config.yaml").write_text(dump_config(config), encoding="utf-8")

    process = start(folder)

    assert printed_commands(process)
    assert stop(process) == 0


@pytest.mark.requirement("U2")
@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("public_url", lambda config: config.listen),
        ("admin.listen", lambda config: config.admin.listen),
        ("upstream", lambda config: HostPort("127.0.0.1", int(_port(config)))),
    ],
)
def test_a_taken_port_names_the_key_to_change(
    folder: Path, key: str, address: Callable[[Config], HostPort]
) -> None:
    config = load_config(folder / "config.yaml", {})
    with socket.create_server(address(config)):
        done = once(folder)

    assert done.returncode == 1
    assert f"or change `{key}` in config.yaml" in done.stderr


def _port(config: Config) -> str:
    return config.servers["mcp"].upstream.url.split(":")[2].partition("/")[0]


@pytest.mark.requirement("U2")
@pytest.mark.parametrize("numbers", [[signal.SIGHUP], [signal.SIGINT] * 2, [signal.SIGTERM] * 3])
def test_no_child_outlives_it(folder: Path, numbers: list[signal.Signals]) -> None:
    config = load_config(folder / "config.yaml", {})
    addresses = [f"127.0.0.1:{port}" for port in (config.listen.port, _port(config))]
    process = start(folder)
    printed_commands(process)

    for number in numbers:
        process.send_signal(number)

    assert process.wait(10) == 0
    assert stop(process) == 0
    assert not [address for address in addresses if run.is_listening(address)]


@pytest.mark.requirement("U2")
def test_a_second_signal_ends_a_child_that_will_not_end() -> None:
    children = run.Children()
    deaf = "from signal import *; signal(SIGTERM, SIG_IGN); print(flush=True); pause()"
    children.programs.append(subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE))  # noqa: S603
    stdout = children.programs[0].stdout
    assert stdout is not None
    stdout.readline()
    stdout.close()
    with pytest.raises(KeyboardInterrupt):
        children.on_signal(signal.SIGINT, None)

    children.on_signal(signal.SIGINT, None)

    children.end()
    assert children.programs[0].returncode == -signal.SIGKILL


@pytest.mark.requirement("U2")
async def test_a_person_logs_in_with_the_account_that_is_printed_once(folder: Path) -> None:
    process = start(folder)
    try:
        lines = read_until(process, "Ctrl-C ends both", limit_s=START_LIMIT_S)
        told = re.search(r"log in as (\S+) with the password (\S+)", "\n".join(lines))
        added = re.search(r"claude mcp add --transport http example (\S+)", "\n".join(lines))
        assert told is not None
        assert added is not None
        mcpgw = CommandLine(folder, {"TEST_LOGIN": told[1], "TEST_PASSWORD": told[2]})

        await mcpgw.succeed("login", added[1])

        assert f'"{told[1]}"' in await mcpgw.succeed("call", added[1], "whoami", "--json")
    finally:
        assert stop(process) == 0


def test_a_second_start_keeps_the_account(folder: Path) -> None:
    first = start(folder)
    read_until(first, "Ctrl-C ends both", limit_s=START_LIMIT_S)
    stop(first)
    kept = (folder / ".mcpgw" / "accounts.yaml").read_text(encoding="utf-8")

    again = start(folder)
    lines = read_until(again, "Ctrl-C ends both", limit_s=START_LIMIT_S)
    stop(again)

    assert any("log in as before" in line for line in lines)
    assert not any("with the password" in line for line in lines)
    assert (folder / ".mcpgw" / "accounts.yaml").read_text(encoding="utf-8") == kept


def test_without_a_page_to_log_in_at_a_client_is_given_the_token(folder: Path) -> None:
    config = folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"authorization_server:.*\n", "", text), encoding="utf-8")
    process = start(folder)

    lines = read_until(process, "Ctrl-C ends both", limit_s=START_LIMIT_S)

    assert any("--header" in line and "claude mcp add" in line for line in lines)
    assert stop(process) == 0
