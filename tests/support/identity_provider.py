"""The npm package `oidc-provider` as a real identity provider, in a process of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.node import PROVIDER_HOME, node_command
from tests.support.processes import read_line, stop


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A running provider: any login name is an account, without a password."""

    issuer: str


@contextmanager
def running_oidc_provider() -> Iterator[OidcProvider]:
    """Start the provider on a port of its own; it prints its issuer once it listens."""
    assert (PROVIDER_HOME / "node_modules").is_dir(), "`make test` installs the provider first"
    process = subprocess.Popen(  # noqa: S603 - a program of our own
        [node_command(), str(PROVIDER_HOME / "provider.mjs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield OidcProvider(read_line(process, limit_s=20))
    finally:
        stop(process)
