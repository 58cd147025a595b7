"""What a start does not wait for: modules that are dear and that only later work needs."""

import json
import subprocess
import sys

import pytest

# Each with what its import costs, and who imports it instead, and when.
NOT_BEFORE_READY = {
    "aiohttp": "200 ms; the admin listener's application after it, a fetcher at its first question",
    "prometheus_client": "10 ms; the admin listener's application: who scrapes, waits for it",
}

STARTS = """
import asyncio, json, os, sys
from pathlib import Path
import gateway.cli.run
from gateway.app.serve import serving
from gateway.config.load import load_config

async def start():
    async with serving(load_config(Path(sys.argv[1]), os.environ)):
        print(json.dumps(sorted(sys.modules)))

asyncio.run(start())
"""

# Keys in a file and keys of the gateway's own: nobody has to be asked before serving.
CONFIG = """
listen: 127.0.0.1:0
admin: {listen: "127.0.0.1:0"}
public_url: http://127.0.0.1
state_dir: ./state
issuers:
  elsewhere: {issuer: "https://issuer.example.com", jwks: {file: jwks.json}}
servers:
  mcp: {upstream: {url: "http://127.0.0.1:9/mcp"}, allow: any}
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The modules of a gateway that has just become ready."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "jwks.json").write_text('{"keys": []}')
    (folder / "config.yaml").write_text(CONFIG)
    argv = [sys.executable, "-c", STARTS, str(folder / "config.yaml")]
    done = subprocess.run(argv, capture_output=True, check=True, timeout=60)  # noqa: S603  # ours
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize("module", NOT_BEFORE_READY)
def test_a_start_does_not_wait_for_what_is_dear(module: str, loaded: frozenset[str]) -> None:
    assert "gateway.proxy.gate.gate" in loaded

    assert module not in loaded, NOT_BEFORE_READY[module]


# What `--help` and `version` have no use for: with any of these they take longer than 100 ms.
NOT_FOR_A_WORD = frozenset({"aiohttp", "asyncio", "cryptography", "joserfc", "pydantic", "yaml"})


@pytest.mark.parametrize("argument", ["--help", "version"])
def test_a_command_that_only_prints_loads_little(argument: str) -> None:
    argv = [sys.executable, "-X", "importtime", "-m", "gateway", argument]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603  # ours
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert "gateway.cli.main" in loaded
    assert NOT_FOR_A_WORD.isdisjoint(loaded)
