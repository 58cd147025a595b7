"""What `mcpgw token inspect` finds out: the token's content and this configuration's verdict."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from gateway.config.issuer import Issuer
from gateway.config.model import Config, Server
from gateway.errors import GatewayError, IdentityUnavailable
from gateway.identity.compact import is_jwt_shaped, parse_compact
from gateway.identity.explain import Refusal, explain_refusal
from gateway.identity.fetch import Fetcher
from gateway.identity.flights import Flights
from gateway.identity.jwks import KeySource
from gateway.identity.jwt import JwtVerifier
from gateway.identity.local_issuer import LocalIssuer
from gateway.identity.reasons import refused
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
    trusted = {name: config.issuers[name] for name in server.auth.issuers}
    named = {name: issuer for name, issuer in trusted.items() if issuer.issuer == claims.get("iss")}
    audiences = (server.resource, *server.auth.audiences)
    embedded = {
        name: LocalIssuer.load_or_create(config.state_dir, issuer.issuer)
        for name, issuer in named.items()
        if issuer.local
    }
    error = await _refusal(named, embedded, audiences, token, now)
    if error is None:
        return report | {"verdict": "accepted", "why": "Every check passed"}
    if isinstance(error, IdentityUnavailable):
        return report | {"verdict": error.reason, "why": error.description}
    refusal = Refusal(
        reason=error.reason,
        header=header,
        claims=claims,
        issuer=next(iter(named.values()), None),
        trusted=[issuer.issuer for issuer in trusted.values()],
        audiences=audiences,
        now=now,
    )
    return report | {"verdict": error.reason, "why": explain_refusal(refusal)}


def _decode(token: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    try:
        parsed = parse_compact(token)
    except GatewayError:
        return {}, {}
    return parsed.header, parsed.claims


async def _refusal(
    named: Mapping[str, Issuer],
    embedded: Mapping[str, LocalIssuer],
    audiences: Sequence[str],
    token: str,
    now: float,
) -> GatewayError | None:
    async with asyncio.TaskGroup() as group, contextlib.AsyncExitStack() as stack:
        around = Surroundings(Flights(group))
        try:
            for name, issuer in named.items():
                keys = await _keys(name, issuer, embedded.get(name), around, stack)
                await keys.refresh()
                if await JwtVerifier(issuer, audiences, keys).verify(token, now) is not None:
                    return None
        except GatewayError as error:  # returned: leaving the group, it would be wrapped
            return error
    return refused("wrong_issuer" if is_jwt_shaped(token) else "malformed")


async def _keys(
    name: str,
    issuer: Issuer,
    local: LocalIssuer | None,
    around: Surroundings,
    stack: contextlib.AsyncExitStack,
) -> KeySource:
    if local is not None:
        return build_local_sources(name, issuer, local, around).keys
    fetcher = Fetcher(ca_file=issuer.ca_file, insecure_http=issuer.insecure_http)
    await stack.enter_async_context(fetcher)
    return build_sources(name, issuer, fetcher, around).keys
