"""`mcpgw run`."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from gateway.cli.run import banner, command
from gateway.config.load import config_from_flags, load_config
from tests.support.ports import reserved_port

FLAGS = ["--upstream", "http://127.0.0.1:9/mcp", "--issuer", "local"]


def test_flags_alone_print_the_configuration_that_they_mean(tmp_path: Path) -> None:
    flags = [*FLAGS, "--public-url", "http://127.0.0.1:8080"]

    printed = CliRunner().invoke(command, [*flags, "--print-config"]).stdout

    (tmp_path / "config.yaml").write_text(printed, encoding="utf-8")
    loaded = load_config(tmp_path / "config.yaml", {})
    assert loaded.servers["mcp"].allow == "any"
    assert loaded.issuers["local"].local


REMOTE = ["--upstream", "http://127.0.0.1:9/mcp", "--issuer", "https://idp.example.com"]


@pytest.mark.requirement("U3")
def test_flags_alone_let_nobody_in_unasked() -> None:
    flags = [*REMOTE, "--public-url", "http://127.0.0.1:8080", "--print-config"]

    refused = CliRunner().invoke(command, flags)

    assert refused.exit_code == 2
    assert "Say who gets in: --allow any" in refused.stderr


@pytest.mark.requirement("U3")
@pytest.mark.parametrize(
    ("allow", "meaning"), [("any", "any"), ("{groups: [eng]}", {"groups": ["eng"]})]
)
def test_flags_alone_say_who_gets_in_as_a_file_does(allow: str, meaning: object) -> None:
    flags = [*REMOTE, "--public-url", "http://127.0.0.1:8080", "--print-config", "--allow", allow]

    printed = CliRunner().invoke(command, flags).stdout

    assert yaml.safe_load(printed)["servers"]["mcp"]["allow"] == meaning


@pytest.mark.requirement("U3")
def test_help_shows_how_to_run_from_flags_alone() -> None:
    words = " ".join(CliRunner().invoke(command, ["--help"]).stdout.split())

    assert "all of --upstream, --issuer and --public-url, and --allow unless the issuer" in words


@pytest.mark.parametrize("more", [["--upstream", "http://a"], ["--allow", "any"]])
def test_a_file_and_flags_of_a_configuration_are_wrong_usage(more: list[str]) -> None:
    assert CliRunner().invoke(command, ["--config", "x.yaml", *more]).exit_code == 2


def test_a_listen_flag_wins_over_the_configuration() -> None:
    flags = [*FLAGS, "--public-url", "http://127.0.0.1:8080", "--listen", "127.0.0.1:7000"]

    printed = CliRunner().invoke(command, [*flags, "--print-config"]).stdout

    assert yaml.safe_load(printed)["listen"] == "127.0.0.1:7000"


def test_a_listen_flag_that_is_no_address_is_wrong_usage() -> None:
    flags = [*FLAGS, "--public-url", "http://127.0.0.1:8080", "--listen", "x"]

    assert CliRunner().invoke(command, flags).exit_code == 2


def test_the_banner_shows_urls_and_a_call_to_try() -> None:
    config = config_from_flags(
        upstream="http://127.0.0.1:9/mcp",
        issuer="local",
        public_url="http://127.0.0.1:8080",
        allow="any",
    )

    assert "curl -i -X POST http://127.0.0.1:8080/mcp" in banner(config)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    with reserved_port() as port:
        words = [
            *FLAGS,
            "--public-url",
            f"http://127.0.0.1:{port}",
            "--listen",
            f"127.0.0.1:{port}",
        ]
        process = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-m", "gateway", "run", *words, "--admin-listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
        )
        assert process.stderr is not None
        with process.stderr:
            assert any("listening" in line for line in process.stderr)
            process.send_signal(number)
            assert process.wait(timeout=10) == 0


@pytest.mark.requirement("U10")
def test_a_rotated_log_does_not_end_it_while_it_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as issuer, reserved_port() as port:
        issuer.settimeout(10)
        url = f"http://127.0.0.1:{issuer.getsockname()[1]}"
        words = [
            "--upstream",
            FLAGS[1],
            "--issuer",
            url,
            "--public-url",
            f"http://127.0.0.1:{port}",
        ]
        words += [
            "--allow",
            "any",
            "--listen",
            f"127.0.0.1:{port}",
            "--admin-listen",
            "127.0.0.1:0",
        ]
        process = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-m", "gateway", "run", *words],
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
        )
        assert process.stderr is not None
        with process.stderr, issuer.accept()[0]:  # it waits for keys that do not come
            process.send_signal(signal.SIGHUP)
            issuer.close()
            line = next(each for each in process.stderr if "listening" in each)
            process.send_signal(signal.SIGTERM)

            assert str(port) in line
            assert process.wait(timeout=10) == 0
