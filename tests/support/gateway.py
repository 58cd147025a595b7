"""The real gateway on a real port, built from YAML as an operator writes it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.app.serve import Serving, serving
from gateway.config.load import load_config

# What a test needs of the machine: any admin port, a quick end, files in a folder of its own.
SURROUNDINGS = {
    "admin": 'admin: {listen: "127.0.0.1:0"}',
    "shutdown": "shutdown: {drain: 2s}",
    "state_dir": "state_dir: ./state",
}


def short_config(port: int, upstream: str, issuer: str, *, more: str = "") -> str:
    """The short form for one server and callers with `mcp:read`; `more` is further YAML."""
    return f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
upstream: {upstream}
issuer: {issuer}
scopes: [mcp:read]
allow: any
{more}"""


@dataclass(frozen=True, slots=True)
class FullKeys:
    """Further keys of the issuer, the server and its upstream, each in YAML's flow style."""

    issuer: str = ""
    server: str = ""
    upstream: str = ""


def full_config(port: int, upstream: str, issuer: str, more: FullKeys) -> str:
    """The full form of the same; `auth` and `allow` of `more` replace ours."""
    ours = {"allow": "any", "auth": "{scopes: [mcp:read]}"}
    kept = [f"{key}: {value}" for key, value in ours.items() if f"{key}:" not in more.server]
    of_issuer = _joined(f'issuer: "{issuer}"', more.issuer)
    of_upstream = _joined(f'url: "{upstream}"', more.upstream)
    of_server = _joined(f"upstream: {{{of_upstream}}}", *kept, more.server)
    return f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{default: {{{of_issuer}}}}}
servers: {{mcp: {{{of_server}}}}}
"""


def _joined(*keys: str) -> str:
    return ", ".join(filter(None, keys))


@asynccontextmanager
async def running_gateway(
    config_yaml: str, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Serving]:
    """Load the YAML, run the gateway in this loop and drain it at the end.

    Not for a fixture: its task group must end in the task that it began in.
    """
    present = {line.partition(":")[0] for line in config_yaml.splitlines()}
    added = [line for key, line in SURROUNDINGS.items() if key not in present]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text("\n".join([config_yaml.rstrip(), *added, ""]), encoding="utf-8")
        async with serving(load_config(path, environ or {})) as gateway:
            yield gateway
