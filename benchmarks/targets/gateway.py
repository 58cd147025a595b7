"""Runs the gateway as an operator would: `mcpgw run` with a config file, audit and metrics on."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sys import executable
from urllib.error import URLError

from benchmarks.clients.tokens import ISSUER, SCOPE, SigningIssuer
from benchmarks.processes import (
    PROXY_CORE,
    START_LIMIT_S,
    BenchmarkError,
    Process,
    accepts,
    free_port,
    running,
)


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway that is ready."""

    process: Process
    port: int
    admin_port: int
    start_s: float

    def metric(self, series: str) -> float:
        """Return one series of /metrics, named with its labels; 0 when it is absent."""
        for line in _get(f"http://127.0.0.1:{self.admin_port}/metrics").splitlines():
            if line.startswith(f"{series} "):
                return float(line.rpartition(" ")[2])
        return 0.0


@contextmanager
def running_gateway(
    directory: Path,
    issuer: SigningIssuer,
    upstream_port: int,
    *,
    cached_tokens: int = 10000,
    jwks_url: str | None = None,
    more: Mapping[str, object] | None = None,
) -> Iterator[RunningGateway]:
    """Run a gateway on the proxy's core; `start_s` is the time until it was ready.

    The keys are those of the issuer's file unless `jwks_url` says where they are; `more` are
    further settings of the server.
    """
    jwks = {"url": jwks_url} if jwks_url else {"file": str(issuer.jwks_file)}
    settings = {
        "issuers": {"bench": {"issuer": ISSUER, "jwks": jwks}},
        "servers": {"bench": server_settings(issuer, upstream_port) | dict(more or {})},
        "cache": {"positive_max": cached_tokens},
    }
    with running_configured(directory, lambda port: settings) as gateway:
        yield gateway


@contextmanager
def running_configured(
    directory: Path, settings: Callable[[int], Mapping[str, object]]
) -> Iterator[RunningGateway]:
    """The same with issuers, servers and more as `settings` says for a port."""
    port, admin_port = free_port(), free_port()
    config = directory / f"gateway-{port}.yaml"
    common: dict[str, object] = {
        "listen": f"127.0.0.1:{port}",
        "admin": {"listen": f"127.0.0.1:{admin_port}"},
        "public_url": f"http://127.0.0.1:{port}",
        "state_dir": str(directory / f"state-{port}"),
        "limits": {"connections": 20000, "connections_per_address": 20000},
        "log": {"audit_file": str(directory / f"audit-{port}.jsonl")},
    }
    # JSON is YAML, and needs no library to write.
    config.write_text(json.dumps(common | dict(settings(port))))
    argv = [executable, "-m", "gateway", "run", "--config", str(config)]
    began = time.monotonic()
    with running(argv, core=PROXY_CORE, output=directory / f"gateway-{port}.log") as process:
        _wait_until_ready(process, port, admin_port)
        yield RunningGateway(process, port, admin_port, time.monotonic() - began)


def server_settings(issuer: SigningIssuer, upstream_port: int) -> dict[str, object]:
    """A server for one issuer's tokens, in which no limit is met."""
    return {
        "path": "/mcp",
        "upstream": {
            "url": f"http://127.0.0.1:{upstream_port}/mcp",
            "max_connections": 20000,
        },
        "auth": {"issuers": ["bench"], "scopes": [SCOPE], "audiences": [issuer.audience]},
        "allow": "any",
        "limits": {"concurrent": 20000, "streams": 20000},  # the load is one caller
    }


def _wait_until_ready(process: Process, port: int, admin_port: int) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not (accepts(port) and _is_ready(admin_port)):
        process.check()
        if time.monotonic() > deadline:
            raise BenchmarkError(f"the gateway is not ready after {START_LIMIT_S:g} s")
        time.sleep(0.005)


def _is_ready(admin_port: int) -> bool:
    try:
        _get(f"http://127.0.0.1:{admin_port}/readyz")
    except (URLError, OSError):
        return False
    return True


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # http, on loopback
        body: bytes = answer.read()
    return body.decode()
