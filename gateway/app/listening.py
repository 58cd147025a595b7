"""Opens the public listener."""

import asyncio
import ssl

from gateway.config.model import Config
from gateway.proxy.inbound.listener import Listener, ListenerLimits

BACKLOG = 1024
TLS_HANDSHAKE_TIMEOUT_S = 10.0


def listener_limits(config: Config) -> ListenerLimits:
    """What a client gets before anybody knows who it is."""
    return ListenerLimits(
        connections=config.limits.connections,
        connections_per_address=config.limits.connections_per_address,
        header_timeout_s=config.limits.header_timeout,
        keepalive_s=config.limits.keepalive,
        write_stall_s=max(server.streams.write_stall for server in config.servers.values()),
        proxies=config.trusted_proxies,
    )


async def listen(config: Config, server: Listener) -> asyncio.Server:
    """Take connections for `server`. Raises OSError for a port that is taken."""
    tls = None
    if config.tls is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 §3.1.1
        tls.load_cert_chain(config.tls.cert_file, config.tls.key_file)
    return await asyncio.get_running_loop().create_server(
        server,
        config.listen.host or None,
        config.listen.port,
        backlog=BACKLOG,
        ssl=tls,
        ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT_S if tls else None,
    )
