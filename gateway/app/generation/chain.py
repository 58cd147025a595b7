"""Builds what decides about the tokens of one server: its verifiers, one after the other."""

from collections.abc import Callable

from gateway.app.generation.issuers import Issuers
from gateway.app.generation.verifiers import Link
from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url
from gateway.identity.dpop.nonce import Nonces
from gateway.identity.dpop.possession import Possession
from gateway.identity.dpop.replay import ReplayCache
from gateway.identity.verdict.authenticator import Authenticator
from gateway.identity.verifiers.api_key_verifier import ApiKeyVerifier

OnSaid = Callable[[Link, str], None]


def _unheard(link: Link, said: str) -> None:
    """Nobody listens."""


def build_authenticator(
    issuers: Issuers, config: Config, name: str, on_said: OnSaid = _unheard
) -> Authenticator:
    """Build what decides about the tokens of one server; `on_said` hears each verifier."""
    server = config.servers[name]
    links = build_chain(issuers, config, name)
    asking = any(issuers.services[issuer].providers for issuer in server.auth.issuers)
    skews = [config.issuers[issuer].clock_skew for issuer in server.auth.issuers]
    built = Authenticator(
        checks_of(config, name, server),
        [each.verifier for each in links],
        issuers.cache,
        opaque=asking,
        clock_skew_s=max(skews, default=0.0),
        on_said=lambda place, said: on_said(links[place], said),
    )
    built.trusted = [config.issuers[issuer].issuer for issuer in server.auth.issuers]
    return built


def build_possession(
    config: Config, name: str, replays: ReplayCache, nonce_key: bytes | None = None
) -> Possession:
    """Build what one server asks of tokens that are bound to a key; no nonces without a key."""
    server = config.servers[name]
    dpop = server.auth.dpop
    nonces = Nonces(nonce_key) if dpop.nonce and nonce_key is not None else None
    return Possession(dpop, public_url(config, server), replays, nonces)


def build_chain(issuers: Issuers, config: Config, name: str) -> list[Link]:
    """The verifiers of one server: API keys, then issuers in the order of the file."""
    server = config.servers[name]
    audiences = {server.resource, *server.auth.audiences}
    links: list[Link] = []
    if issuers.keys is not None and server.auth.api_keys:
        # First: a key is known by its prefix, and is then shown to nobody else.
        verifier = ApiKeyVerifier(issuers.keys, public_url(config, server), name)
        links.append(Link("api_keys", "api_key", verifier))
    for issuer in server.auth.issuers:
        links += issuers.services[issuer].verifiers(audiences)
    return links


def checks_of(config: Config, name: str, server: Server) -> str:
    """What the verifiers of a server check, as text.

    Two servers, or two configurations of one, that say the same decide alike. A server's name
    alone would let verdicts outlive a change of what they rest on. API keys are for servers by
    name.
    """
    auth = server.auth
    issuers = [config.issuers[each].model_dump_json() for each in auth.issuers]
    audiences = sorted({server.resource, *auth.audiences})
    keys: tuple[object, ...] = ()
    if config.api_keys is not None and auth.api_keys:
        keys = (name, public_url(config, server), config.api_keys.model_dump_json())
    return repr((audiences, issuers, keys))
