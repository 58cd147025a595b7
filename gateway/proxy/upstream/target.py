"""Where an upstream is: its socket, its TLS and the authority it wants to be called by."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

_UNIX = "unix:"
_DEFAULT_PORTS = {"http": 80, "https": 443}
ProtocolT = TypeVar("ProtocolT", bound=asyncio.BaseProtocol)


@dataclass(frozen=True, slots=True)
class Target:
    """An upstream URL, taken apart once.

    `socket_path` is None for TCP. `authority` is what Host says unless configured otherwise.
    `path` is the HTTP path with its query, byte for byte as configured.
    """

    host: str
    port: int
    authority: str
    path: str
    socket_path: str | None = None
    tls: ssl.SSLContext | None = None

    @property
    def place(self) -> str:
        """Where connections go, for log and audit."""
        return self.socket_path or f"{self.host}:{self.port}"


def parse_target(url: str, tls: ssl.SSLContext | None = None) -> Target:
    """Take apart `http://`, `https://` or `unix:/path.sock[:/http/path]`.

    `tls` replaces the default context of an `https` URL. Raises ValueError.

    >>> parse_target("unix:/run/mcp.sock:/mcp").path
    '/mcp'
    """
    if url.startswith(_UNIX):
        return _unix_target(url.removeprefix(_UNIX))
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.fragment:
        raise ValueError("an upstream is http://, https:// or unix:/path.sock[:/http/path]")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an upstream URL holds no user name")
    path = parts.path or "/"
    return Target(
        host=parts.hostname,
        port=parts.port or _DEFAULT_PORTS[parts.scheme],
        authority=parts.netloc,
        path=f"{path}?{parts.query}" if parts.query else path,
        tls=(tls or build_tls()) if parts.scheme == "https" else None,
    )


def build_tls(
    ca_file: Path | None = None,
    client_cert_file: Path | None = None,
    client_key_file: Path | None = None,
) -> ssl.SSLContext:
    """Make a context that verifies the upstream's chain and host name.

    `ca_file` replaces the system's authorities. `client_key_file` None: the key stands in the
    certificate's file. Raises OSError when a file cannot be used.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 §3.1.1
    if client_cert_file is not None:
        context.load_cert_chain(client_cert_file, client_key_file)
    return context


async def open_connection(target: Target, make_protocol: Callable[[], ProtocolT]) -> ProtocolT:
    """Connect, with TLS where the target asks for it. Raises OSError."""
    loop = asyncio.get_running_loop()
    if target.socket_path is not None:
        _, protocol = await loop.create_unix_connection(make_protocol, target.socket_path)
        return protocol
    _, protocol = await loop.create_connection(
        make_protocol, target.host, target.port, ssl=target.tls
    )
    return protocol


def _unix_target(rest: str) -> Target:
    socket_path, _, path = rest.partition(":")
    if not socket_path.startswith("/") or (path and not path.startswith("/")):
        raise ValueError("a socket is unix:/path.sock[:/http/path], both paths absolute")
    return Target("localhost", 0, "localhost", path or "/", socket_path=socket_path)
