"""What `mcpgw token inspect` finds out: the token's content and this configuration's verdict."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import click

from gateway.app.issuers import open_issuers
from gateway.app.verifiers import Link
from gateway.config.issuer import Issuer
from gateway.config.model import Config, Server
from gateway.errors import GatewayError, IdentityUnavailable, InvalidToken
from gateway.identity.api_key import is_key
from gateway.identity.cache import VerdictCache
from gateway.identity.clocks import Clocks
from gateway.identity.compact import is_jwt_shaped, parse_compact
from gateway.identity.explain import Refusal, explain_refusal
from gateway.identity.flights import Flights
from gateway.identity.principal import Principal
from gateway.identity.sources import Surroundings
from gateway.identity.token_issuers import TokenIssuers
from gateway.policy.admission import compile_admission
from gateway.policy.decision import Allow
from gateway.policy.who import Vocabulary

NOT_MINE = "not mine"


@dataclass(slots=True)
class Findings:
    """What each verifier of the chain said, up to the one that decided."""

    checks: list[dict[str, str]] = field(default_factory=list)
    principal: Principal | None = None
    error: GatewayError | None = None


async def inspect_token(
    config: Config, server: Server, token: str, now: float
) -> dict[str, object]:
    """The report as JSON values; `verdict` is `accepted`, or the reason of the first failed check.

    Neither the token nor its signature is in it. The verifiers are asked in their order, so
    an opaque token is shown to the issuers that would see it in service too.
    """
    header, claims = _decode(token)
    findings = await _ask_chain(config, server, token, now)
    report: dict[str, object] = {"header": header, "claims": claims, "checks": findings.checks}
    if findings.principal is not None:
        return report | _accepted(config, server, findings.principal)
    error = findings.error
    if isinstance(error, IdentityUnavailable):
        cause = f" ({error.__cause__})" if error.__cause__ is not None else ""
        return report | {"verdict": error.reason, "why": error.description + cause}
    reason = error.reason if error is not None else _unclaimed(token, findings)
    refusal = Refusal(
        reason=reason,
        header=header,
        claims=claims,
        issuer=_named_issuer(config, server, claims),
        trusted=[config.issuers[name].issuer for name in server.auth.issuers],
        audiences=(server.resource, *server.auth.audiences),
        now=now,
    )
    return report | {"verdict": reason, "why": explain_refusal(refusal)}


async def find_principal(config: Config, server: Server, token: str, now: float) -> Principal:
    """Who a token speaks for. Raises `ClickException` when it is refused."""
    report = await _ask_chain(config, server, token, now)
    if report.principal is None:
        reason = report.error.reason if report.error is not None else _unclaimed(token, report)
        raise click.ClickException(f"the token is refused: {reason}; see `mcpgw token inspect`")
    return report.principal


def _accepted(config: Config, server: Server, principal: Principal) -> dict[str, object]:
    """What the server would know about the caller, and whether it would let them in."""
    caller = {
        "issuer": principal.issuer,
        "subject": principal.subject,
        "client_id": principal.client_id,
        "scopes": sorted(principal.scopes),
        "groups": "unknown" if principal.groups is None else list(principal.groups),
        "roles": list(principal.roles),
    }
    words = Vocabulary(config.roles, config.scope_implies)
    decision = compile_admission(server.auth.scopes, server.allow, words)(principal)
    admitted = "yes" if isinstance(decision, Allow) else decision.reason
    why = "Every check passed"
    if principal.confirmation is not None:
        why += "; the token is bound to a key, so each request needs a DPoP proof"
    return {"caller": caller, "admitted": admitted, "verdict": "accepted", "why": why}


def _decode(token: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    try:
        parsed = parse_compact(token)
    except GatewayError:
        return {}, {}
    return parsed.header, parsed.claims


def _named_issuer(config: Config, server: Server, claims: Mapping[str, object]) -> Issuer | None:
    for name in server.auth.issuers:
        try:
            if TokenIssuers(config.issuers[name]).match(claims) is not None:
                return config.issuers[name]
        except InvalidToken:  # of another tenant
            return config.issuers[name]
    return None


def _unclaimed(token: str, findings: Findings) -> str:
    if is_jwt_shaped(token):
        return "wrong_issuer"
    asked = any(each["scheme"] != "jwt" for each in findings.checks)
    return "inactive" if asked and not is_key(token) else "malformed"


async def _ask_chain(config: Config, server: Server, token: str, now: float) -> Findings:
    name = next(name for name, each in config.servers.items() if each is server)
    issuers = {each: config.issuers[each] for each in server.auth.issuers}
    asked = config.model_copy(update={"issuers": issuers})
    findings = Findings()
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        flights = Flights(group)
        cache = VerdictCache(config.cache, flights, Clocks())
        built = await open_issuers(asked, Surroundings(flights), cache, stack)
        await _ask(built.chain(name, server, asked), token, now, findings)
    return findings


async def _ask(chain: Sequence[Link], token: str, now: float, findings: Findings) -> None:
    for link in chain:
        said = "accepted"
        try:
            findings.principal = await link.verifier.verify(token, now)
            if findings.principal is None:
                said = NOT_MINE
        except GatewayError as error:
            # Unavailable is no verdict: another one may still accept the token.
            findings.error = findings.error or error
            said = error.reason
        findings.checks.append({"source": link.source, "scheme": link.scheme, "said": said})
        if findings.principal is not None or isinstance(findings.error, InvalidToken):
            return
