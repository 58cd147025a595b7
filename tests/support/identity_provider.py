"""Real identity providers, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.support.node import PROVIDER_HOME, node_command
from tests.support.processes import read_line, stop

Tokens = Literal["RS256", "ES256", "opaque", "unbound"]
GATEWAY_CLIENT = "client_id: gateway, client_secret: a secret that only the tests know"


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A running provider: any login name is an account, without a password."""

    issuer: str


@contextmanager
def running_oidc_provider(
    tokens: Tokens = "RS256", redirect_uri: str | None = None
) -> Iterator[OidcProvider]:
    """Start the npm package `oidc-provider` on a port of its own.

    `tokens` says what its access tokens are like: see `provider.mjs`. With a `redirect_uri` nobody
    can register there, and the gateway is a client that people log in through.
    """
    assert (PROVIDER_HOME / "node_modules").is_dir(), "`make test` installs the provider first"
    further = [] if redirect_uri is None else [redirect_uri]
    process = subprocess.Popen(  # noqa: S603 - a program of our own
        [node_command(), str(PROVIDER_HOME / "provider.mjs"), tokens, *further],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield OidcProvider(read_line(process, limit_s=20))
    finally:
        stop(process)


@contextmanager
def running_django_provider(folder: Path) -> Iterator[OidcProvider]:
    """Start Django OAuth Toolkit, whose database is in `folder`."""
    process = subprocess.Popen(  # noqa: S603 - a program of our own
        [sys.executable, "-m", "tests.idp.django_provider", str(folder)],
        cwd=PROVIDER_HOME.parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield OidcProvider(read_line(process, limit_s=20))
    finally:
        stop(process)


@contextmanager
def running_fastmcp_server(home: Path, *words: str) -> Iterator[str]:
    """Start a protected server of FastMCP and give its URL; `words` are as in its file.

    `home` is for what it keeps.
    """
    process = subprocess.Popen(  # noqa: S603 - a program of our own
        [sys.executable, "-m", "tests.idp.fastmcp_server", *words],
        cwd=PROVIDER_HOME.parents[1],
        env={**os.environ, "HOME": str(home), "FASTMCP_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield read_line(process, limit_s=30)
    finally:
        stop(process)
