"""Decides about one token as the gateway does, without serving: for the commands that explain."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from gateway.app.generation.chain import build_authenticator, build_possession
from gateway.app.generation.issuers import open_issuers
from gateway.app.generation.policy import build_policy
from gateway.app.generation.verifiers import Link
from gateway.app.judging.known_revocations import known_revocations
from gateway.config.model import Config, Server
from gateway.errors import GatewayError
from gateway.identity.dpop.replay import ReplayCache
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.principal import Principal
from gateway.identity.verdict.cache import VerdictCache
from gateway.oauth.bearer import Credentials, parse_authorization
from gateway.policy.decision import Decision
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight

_NO_PROOF = "the token is bound to a key: whether the caller has it shows in the proof of a request"


@dataclass(slots=True)
class Judgement:
    """What the gateway says about a token; `error` is None when it knows the caller.

    `checks` has what each verifier said; `admitted` is None before the caller is known.
    `not_known` is what only the running gateway can tell.
    """

    checks: list[tuple[Link, str]] = field(default_factory=list)
    principal: Principal | None = None
    error: GatewayError | None = None
    admitted: Decision | None = None
    not_known: list[str] = field(default_factory=list)


async def judge_token(config: Config, server: Server, token: str, now: float) -> Judgement:
    """Put a token to everything that a request has to pass before its body is read."""
    judgement = Judgement()
    name = _name_of(config, server)
    issuers = {each: config.issuers[each] for each in server.auth.issuers}
    asked = config.model_copy(update={"issuers": issuers})
    try:
        credentials = parse_authorization([f"Bearer {token}"])
        assert credentials is not None  # noqa: S101  # the scheme is known
        async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
            revocations = await stack.enter_async_context(
                known_revocations(config, judgement.not_known)
            )
            flights = SingleFlight(group)
            cache = VerdictCache(config.cache, flights, Clocks(), revocations.check)
            built = await open_issuers(asked, IdentityServices(flights), cache, stack)
            said = judgement.checks
            authenticator = build_authenticator(
                built, asked, name, lambda link, word: said.append((link, word))
            )
            principal = await authenticator.authenticate(credentials.token, now)
            _check_binding(config, server, credentials, principal, judgement.not_known)
            judgement.principal = principal
    except* GatewayError as group_error:
        judgement.error = _first(group_error)
    if judgement.principal is not None:
        judgement.admitted = build_policy(config, server).admit(judgement.principal)
    return judgement


async def judge_principal(config: Config, principal: Principal, now: float) -> Judgement:
    """Say whether a caller is revoked of whom no token is at hand."""
    judgement = Judgement(principal=principal)
    async with known_revocations(config, judgement.not_known) as revocations:
        try:
            revocations.check(principal, now)
        except GatewayError as error:
            judgement.principal, judgement.error = None, error
    return judgement


def _check_binding(
    config: Config,
    server: Server,
    credentials: Credentials,
    principal: Principal,
    not_known: list[str],
) -> None:
    replays = ReplayCache(Clocks(), server.auth.dpop.max_age)
    possession = build_possession(config, _name_of(config, server), replays)
    confirmation = principal.confirmation
    if confirmation is not None and confirmation.key_thumbprint is not None:
        credentials = credentials._replace(scheme="DPoP")
        not_known.append(_NO_PROOF)
    if possession.concerns(credentials, principal):
        possession.check_binding(credentials, principal)


def _name_of(config: Config, server: Server) -> str:
    return next(name for name, each in config.servers.items() if each is server)


def _first(group: BaseExceptionGroup[GatewayError]) -> GatewayError:
    """The lone error that a task group has wrapped."""
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    assert isinstance(inner, GatewayError)  # noqa: S101  # what was caught
    return inner
