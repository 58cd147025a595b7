"""Who may use a server at all, compiled once from its `scopes` and `allow`. Pure."""

from collections.abc import Callable

from gateway.config.allow import Allow
from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Decision, Deny, all_hold
from gateway.policy.who import Condition, Vocabulary

Admission = Callable[[Principal], Decision]


def compile_admission(
    required: frozenset[str], allow: Allow | str | None, words: Vocabulary | None = None
) -> Admission:
    """Build the decision function of one server.

    `required` scopes are needed whoever calls. `allow` is `"any"`, a section of which every
    given key must match, or None: then nobody gets in. `"anonymous"` lets everybody in.
    """
    words = words or Vocabulary()
    if allow is None:
        return lambda principal: Deny("nobody_allowed")
    if allow == "anonymous":
        return lambda principal: ALLOWED
    who = words.compile(allow)
    return _with_scopes(required, who, words) if required else who


def _with_scopes(required: frozenset[str], who: Condition, words: Vocabulary) -> Admission:
    # All of them, also those that the caller has: a client asks for exactly what it is told.
    denied = Deny("scope_missing", required)

    def admit(principal: Principal) -> Decision:
        decision = who(principal)
        if required <= words.expand(principal.scopes):
            return _with_required(decision, required)
        return all_hold((denied, decision))

    return admit


def _with_required(decision: Decision, required: frozenset[str]) -> Decision:
    if isinstance(decision, Deny) and decision.missing_scopes:
        return Deny(decision.reason, decision.missing_scopes | required)
    return decision
