"""A rig whose gateway has a full configuration, for what the short form cannot say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.gateway import running_gateway
from tests.support.ports import reserved_port
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import Rig
from tests.support.token_signer import TokenSigner

CONFIG = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{idp: {{issuer: "{issuer}"}}}}
{top}
servers:
  mcp:
    upstream: {upstream}
    allow: any
    auth: {{scopes: [mcp:read]}}
{server}
"""


@asynccontextmanager
async def running_server(*server: str, top: str = "") -> AsyncIterator[Rig]:
    """Like `running_rig`; `server` are further lines of the server, `top` of the whole."""
    lines = "\n".join(f"    {line}" for line in server)
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            config = CONFIG.format(
                port=port, issuer=signer.issuer, upstream=upstream.url, top=top, server=lines
            )
            async with running_gateway(config) as gateway:
                yield Rig(gateway.port, gateway.admin_port, upstream, signer)
