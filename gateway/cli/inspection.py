"""What `mcpgw token inspect` finds out: the token's content and this configuration's verdict."""

import asyncio
from collections.abc import Mapping, Sequence

from gateway.config.model import Cache, Config, Issuer, Server
from gateway.errors import GatewayError
from gateway.identity.authenticate import Authenticator
from gateway.identity.cache import VerdictCache
from gateway.identity.clocks import Clocks
from gateway.identity.compact import parse_compact
from gateway.identity.explain import Refusal, explain_refusal
from gateway.identity.fetch import Fetcher
from gateway.identity.flights import Flights
from gateway.identity.jwks import KeySource
from gateway.identity.jwt import JwtVerifier
from gateway.identity.local_issuer import LocalIssuer
from gateway.identity.sources import Surroundings, build_local_sources, build_sources


async def inspect_token(
    config: Config, server: Server, token: str, now: float
) -> dict[str, object]:
    """The report as JSON values; `verdict` is `accepted`, or the reason of the first failed check.

    The signature is not in it, so the report is no token. Only the issuer that the token
    names is asked for keys, and only when it is trusted.
    """
    header, claims = _decode(token)
    report: dict[str, object] = {"header": header, "claims": claims}
    trusted = {name: config.issuers[name] for name in server.auth.issuers or config.issuers}
    named = {name: issuer for name, issuer in trusted.items() if issuer.issuer == claims.get("iss")}
    audiences = (server.resource, *server.auth.audiences)
    try:
        await _verify(config, named, audiences, token, now)
    except GatewayError as error:
        refusal = Refusal(
            reason=error.reason,
            header=header,
            claims=claims,
            issuer=next(iter(named.values()), None),
            trusted=[issuer.issuer for issuer in trusted.values()],
            audiences=audiences,
            now=now,
        )
        unavailable = error.reason == "idp_unavailable"
        why = error.description if unavailable else explain_refusal(refusal)
        return report | {"verdict": error.reason, "why": why}
    return report | {"verdict": "accepted", "why": "Every check passed"}


def _decode(token: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    try:
        parsed = parse_compact(token)
    except GatewayError:
        return {}, {}
    return parsed.header, parsed.claims


async def _verify(
    config: Config, named: Mapping[str, Issuer], audiences: Sequence[str], token: str, now: float
) -> None:
    async with asyncio.TaskGroup() as group:
        around = Surroundings(Flights(group))
        verifiers = []
        for name, issuer in named.items():
            keys = await _fetch_keys(config, name, issuer, around)
            verifiers.append(JwtVerifier(issuer, audiences, keys))
        cache = VerdictCache(Cache(), around.flights, Clocks())
        authenticator = Authenticator("inspect", verifiers, cache)
        outcome = await asyncio.gather(
            authenticator.authenticate(token, now), return_exceptions=True
        )
    # Raised outside of the group, which would wrap it.
    if isinstance(outcome[0], BaseException):
        raise outcome[0]


async def _fetch_keys(
    config: Config, name: str, issuer: Issuer, around: Surroundings
) -> KeySource:
    if issuer.local:
        local = LocalIssuer.load_or_create(config.state_dir, issuer.issuer)
        keys = build_local_sources(name, issuer, local, around).keys
        await keys.refresh()
        return keys
    async with Fetcher(ca_file=issuer.ca_file, insecure_http=issuer.insecure_http) as fetcher:
        keys = build_sources(name, issuer, fetcher, around).keys
        await keys.refresh()
        return keys
