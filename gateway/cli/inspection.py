"""What `mcpgw token inspect` finds out: the token's content and this configuration's verdict."""

from collections.abc import Mapping

import click

from gateway.app.judging.judge import Judgement, judge_token
from gateway.config.issuer import Issuer
from gateway.config.model import Config, Server
from gateway.errors import GatewayError, IdentityUnavailable, InvalidToken
from gateway.identity.explain import Refusal, deciding_setting, explain_refusal
from gateway.identity.principal import Principal
from gateway.identity.token.compact import parse_compact
from gateway.identity.token.token_issuers import TokenIssuers
from gateway.policy.decision import Allow, Decision, Unknown
from gateway.policy.explain import describe


async def inspect_token(
    config: Config, server: Server, token: str, now: float
) -> dict[str, object]:
    """The report as JSON values; `verdict` is `accepted`, or the reason of the first failed check.

    Neither the token nor its signature is in it. The verifiers are asked in their order, so
    an opaque token is shown to the issuers that would see it in service too.
    """
    header, claims = _decode(token)
    judged = await judge_token(config, server, token, now)
    said = [
        {"source": link.source, "scheme": link.scheme, "said": word} for link, word in judged.checks
    ]
    report: dict[str, object] = {"header": header, "claims": claims, "checks": said}
    named = _named_issuer(config, server, claims)
    if judged.principal is not None and judged.admitted is not None:
        report |= {"caller": _caller(judged.principal)}
        report |= _decided(judged.admitted)
    elif isinstance(judged.error, InvalidToken):
        refusal = Refusal(
            reason=judged.error.reason,
            header=header,
            claims=claims,
            issuer=None if named is None else config.issuers[named],
            trusted=[config.issuers[name].issuer for name in server.auth.issuers],
            audiences=(server.resource, *server.auth.audiences),
            now=now,
        )
        why = explain_refusal(refusal)
        report |= {"verdict": judged.error.reason, "status": judged.error.status, "why": why}
    else:
        report |= _failed(judged)
    setting = deciding_setting(str(report["verdict"]), _name_of(config, server), named)
    return report | {"setting": setting, "not_known": judged.not_known}


async def find_principal(config: Config, server: Server, token: str, now: float) -> Judgement:
    """Who a token speaks for. Raises `ClickException` when it is refused."""
    judged = await judge_token(config, server, token, now)
    if judged.error is not None:
        raise click.ClickException(
            f"the token is refused: {judged.error.reason}; see `mcpgw token inspect`"
        )
    return judged


def _caller(principal: Principal) -> dict[str, object]:
    """What the server would know about the caller."""
    return {
        "issuer": principal.issuer,
        "subject": principal.subject,
        "client_id": principal.client_id,
        "scopes": sorted(principal.scopes),
        "groups": "unknown" if principal.groups is None else list(principal.groups),
        "roles": list(principal.roles),
    }


def _decided(decision: Decision) -> dict[str, object]:
    if isinstance(decision, Allow):
        return {"verdict": "accepted", "status": 200, "why": "Every check passed."}
    status = IdentityUnavailable.status if isinstance(decision, Unknown) else 403
    why = f"The token is good, but the server does not let this caller in: {describe(decision)}."
    return {"verdict": decision.reason, "status": status, "why": why}


def _failed(judged: Judgement) -> dict[str, object]:
    error = judged.error or GatewayError("Nothing is known.")
    cause = f" ({error.__cause__})" if error.__cause__ is not None else ""
    return {"verdict": error.reason, "status": error.status, "why": error.description + cause}


def _decode(token: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    try:
        parsed = parse_compact(token)
    except GatewayError:
        return {}, {}
    return parsed.header, parsed.claims


def _name_of(config: Config, server: Server) -> str:
    return next(name for name, each in config.servers.items() if each is server)


def _named_issuer(config: Config, server: Server, claims: Mapping[str, object]) -> str | None:
    for name in server.auth.issuers:
        issuer: Issuer = config.issuers[name]
        try:
            if TokenIssuers(issuer).match(claims) is not None:
                return name
        except InvalidToken:  # of another tenant
            return name
    return None
