"""The real gateway on a real port, built from YAML as an operator writes it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.app import RunningGateway, start_gateway
from gateway.config.load import load_config


def short_config(port: int, upstream: str, issuer: str, *, more: str = "") -> str:
    """The five-line form for one server that lets every caller with `mcp:read` in.

    `more` holds further top-level YAML; the admin listener takes any port.
    """
    return f"""\
listen: 127.0.0.1:{port}
admin: {{listen: "127.0.0.1:0"}}
public_url: http://127.0.0.1:{port}
upstream: {upstream}
issuer: {issuer}
allow: any
{more}"""


@asynccontextmanager
async def running_gateway(
    config_yaml: str, environ: Mapping[str, str] | None = None
) -> AsyncIterator[RunningGateway]:
    """Load the YAML, start the gateway in this loop and stop it at the end.

    Its working files live in a folder of their own, next to its configuration.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        state = f"state_dir: {folder}/state\n" if "state_dir:" not in config_yaml else ""
        path.write_text(config_yaml.rstrip() + "\n" + state, encoding="utf-8")
        gateway = await start_gateway(load_config(path, environ or {}))
        try:
            yield gateway
        finally:
            await gateway.stop()
