"""Builds what each upstream is shown as the gateway's credential."""

from contextlib import AsyncExitStack

from gateway.app.generation.providers import open_provider
from gateway.config.issuer import ClientAuthentication
from gateway.config.model import Config
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.own_tokens import OwnTokens
from gateway.identity.provider.token_exchange import TokenExchanges
from gateway.identity.token.token_issuers import TokenIssuers
from gateway.proxy.outgoing.header_source import HeaderSource
from gateway.proxy.outgoing.upstream_credentials import (
    ExchangedToken,
    OwnToken,
    StaticHeader,
    forward_token,
)

OWN_TOKEN_TIMEOUT_S = 2.0


async def open_credentials(
    config: Config, around: IdentityServices, stack: AsyncExitStack
) -> dict[str, HeaderSource]:
    """Build the credential of every server that has one; connections close with `stack`.

    Raises `ConfigError` for a client that cannot say who it is.
    """
    built: dict[str, HeaderSource] = {}
    for name in config.servers:
        credential = await _open(config, name, around, stack)
        if credential is not None:
            built[name] = credential
    return built


async def _open(
    config: Config, name: str, around: IdentityServices, stack: AsyncExitStack
) -> HeaderSource | None:
    server = config.servers[name]
    credential = server.upstream.credential
    if credential.header is not None:
        return StaticHeader(credential.header.header, credential.header.value_file)
    if credential.insecure_forward_token:
        return forward_token
    if credential.client_credentials is not None:
        own = credential.client_credentials
        provider = await open_provider(name, "upstream_token", OWN_TOKEN_TIMEOUT_S, around, stack)
        auth = _auth(own, own.token_url)
        return OwnToken(OwnTokens(own, provider, auth, around.flights, around.clocks))
    if credential.token_exchange is not None:
        exchange = credential.token_exchange
        provider = await open_provider(name, "upstream_token", exchange.timeout, around, stack)
        auth = _auth(exchange, exchange.token_url)
        exchanges = TokenExchanges(exchange, provider, auth, around.flights, around.clocks)
        issuer = config.issuers[exchange.issuer or server.auth.issuers[0]]
        return ExchangedToken(exchanges, TokenIssuers(issuer))
    return None


def _auth(settings: ClientAuthentication, token_url: str) -> ClientAuth:
    # RFC 7523 §3: the token endpoint's URL is an audience that every server knows itself by.
    return ClientAuth(settings, token_url)
