"""Putting a request's messages to the rules of its server, and turning a denial into an answer."""

from collections.abc import Sequence

from gateway.errors import AccessDenied, IdentityUnavailable, InsufficientScope, MissingToken
from gateway.identity.principal import Principal
from gateway.mcp.arguments import parse_arguments
from gateway.mcp.message import Message
from gateway.policy.decision import ALLOWED, Allow, Decision, Deny, Unknown, all_hold
from gateway.policy.rules import Action, Coverage, Ruling
from gateway.proxy.gate.authorization import Authorization
from gateway.proxy.gate.record import RequestRecord


async def authorize(
    authorization: Authorization,
    principal: Principal | None,
    messages: Sequence[Message],
    record: RequestRecord,
) -> None:
    """Let the messages through, all of them or none.

    Raises `MissingToken`, `InsufficientScope`, `AccessDenied`, `IdentityUnavailable` when
    nobody knows now, and `InvalidMessage` for arguments that can be read in two ways.
    """
    rulings = []
    for message in messages:
        for action in actions_of(message):
            coverage = authorization.rules.covering(action.method, action.target, action.name)
            if coverage.reads_arguments or coverage.reads_annotations:
                action = await _complete(authorization, coverage, action, message)
            rulings.append(authorization.rules.decide(principal, action))
    if not rulings:
        return
    only = rulings[0]
    if len(rulings) == 1 and only.decision is ALLOWED and only.would is None:
        record.rule = only.rule  # as nearly every request
        return
    decisive = _decisive(rulings)
    record.rule = decisive.rule
    shadows = [each.would for each in rulings if each.would]
    record.would_deny = shadows[0].reason if shadows else None
    decision = all_hold([each.decision for each in rulings])
    if not isinstance(decision, Allow):
        _refuse(authorization, principal, decision, decisive.contact or authorization.contact)


def actions_of(message: Message) -> Sequence[Action]:
    """What one message does; an answer to the server does nothing that rules are about."""
    if message.method is None:
        return ()
    own = Action(message.method, message.target, message.name or "")
    # MCP 2026-07-28, Subscriptions: what `subscribe` was before.
    return (own, *[Action("resources/subscribe", "resource", uri) for uri in message.resources])


async def _complete(
    authorization: Authorization, coverage: Coverage, action: Action, message: Message
) -> Action:
    arguments, annotations = None, None
    if coverage.reads_arguments:
        arguments = parse_arguments(message.arguments)
    if coverage.reads_annotations:
        annotations = await authorization.annotations_of(action.name)
    return Action(action.method, action.target, action.name, arguments, annotations)


def _decisive(rulings: Sequence[Ruling]) -> Ruling:
    """The ruling that the caller is told of: the first that no scope can mend, or that denies."""
    denied = [each for each in rulings if not isinstance(each.decision, Allow)]
    final = [each for each in denied if not _can_step_up(each.decision)]
    return next(iter(final or denied or rulings))


def _can_step_up(decision: Decision) -> bool:
    return isinstance(decision, Deny) and bool(decision.missing_scopes)


def _refuse(
    authorization: Authorization,
    principal: Principal | None,
    decision: Deny | Unknown,
    contact: str | None,
) -> None:
    if principal is None:
        raise MissingToken("This needs an access token.")
    if isinstance(decision, Unknown):
        raise IdentityUnavailable(
            "Nobody can say now whether this is allowed.", reason=decision.reason
        )
    if decision.missing_scopes:
        scopes = authorization.scopes | decision.missing_scopes
        if authorization.step_ups.is_loop(principal, scopes):
            raise AccessDenied(
                "Asking again does not help: logging in did not bring the scopes that are needed:"
                f" {' '.join(sorted(scopes))}.",
                reason="step_up_loop",
                contact=contact,
            )
        raise InsufficientScope("The token lacks a scope.", scopes=scopes, contact=contact)
    # The same for what does not exist: a caller must not find out what there is.
    raise AccessDenied("You may not do this.", reason=decision.reason, contact=contact)
