"""Opens what asks one service of an issuer, or of a token endpoint."""

from contextlib import AsyncExitStack

from gateway.config.issuer import Issuer
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.provider.provider import CONNECTIONS, Kind, Provider
from gateway.resilience.breaker import Breaker


async def open_provider(
    name: str,
    kind: Kind,
    timeout_s: float,
    around: IdentityServices,
    stack: AsyncExitStack,
    issuer: Issuer | None = None,
) -> Provider:
    """Open one with a circuit of its own; connections close with `stack`.

    `issuer` says how its host is reached, None for a host as any other.
    """
    ca_file, insecure = (None, False) if issuer is None else (issuer.ca_file, issuer.insecure_http)
    fetcher = Fetcher(
        ca_file=ca_file, insecure_http=insecure, timeout_s=timeout_s, connections=CONNECTIONS
    )
    opened = await stack.enter_async_context(fetcher)
    return Provider(name, kind, opened, Breaker(around.clocks), timeout_s, around.on_asked)
