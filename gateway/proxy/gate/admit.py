"""May the caller use this server at all? 403, and 503 when nobody knows now."""

from gateway.errors import AccessDenied, IdentityUnavailable, InsufficientScope
from gateway.identity.principal import Principal
from gateway.policy.decision import Allow, Unknown
from gateway.proxy.gate.call import Call


def admit(call: Call, principal: Principal | None) -> None:
    """Let the principal through to this server; who has no token is judged by what is asked for.

    Raises `InsufficientScope` when a broader token would help, else `AccessDenied`, and
    `IdentityUnavailable` when nobody knows now.
    """
    facts = call.head.facts
    if principal is None or facts.get(call) is principal:
        return  # nothing but the principal decides
    decision = call.route.policy.admit(principal)
    if isinstance(decision, Allow):
        facts[call] = principal
        return
    if isinstance(decision, Unknown):
        raise IdentityUnavailable("The caller's groups are not known now.", reason=decision.reason)
    if decision.missing_scopes:
        raise InsufficientScope("The token lacks a scope.", scopes=decision.missing_scopes)
    raise AccessDenied("You may not use this server.", reason=decision.reason)
