"""What decides about the callers of one server and what they do, in the gate's order. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.config.own_tools import DECIDED_BY
from gateway.identity.principal import Principal
from gateway.policy.admission import Admission
from gateway.policy.decision import ALLOWED, Allow, Decision, Deny
from gateway.policy.explain import Step, describe, explain
from gateway.policy.rules import Action, Rules

_OWN = "the gateway answers this tool itself, unless the server has one of that name"


@dataclass(frozen=True, slots=True)
class ServerPolicy:
    """The decisions of one server, each a method; a request meets them in the order of these.

    `rules` is None where `allow` alone decides; `is_public` lets callers without a token in.
    `own_tools` are the gateway's own by name, True for those that need no token.
    """

    admission: Admission
    rules: Rules | None = None
    is_public: bool = False
    own_tools: Mapping[str, bool] = field(default_factory=dict)

    def admit(self, principal: Principal | None) -> Decision:
        """May the caller use the server? Without a token it depends on what is asked for."""
        return ALLOWED if principal is None else self.admission(principal)

    def know(self, principal: Principal | None, *, needs_none: bool = False) -> Decision:
        """Is the caller known, or need not be? `needs_none` where a tool of ours decides itself."""
        return ALLOWED if principal or self.is_public or needs_none else Deny("missing")

    def use_own(self, principal: Principal | None, name: str) -> Decision:
        """May the caller use a tool of the gateway's own?"""
        return ALLOWED if principal or self.own_tools[name] else Deny("missing")

    def rule(self, principal: Principal | None, action: Action) -> Decision:
        """Do the rules allow it?"""
        return ALLOWED if self.rules is None else self.rules.decide(principal, action).decision

    def is_own(self, action: Action) -> bool:
        """Whether an action is the use of a tool of the gateway's own."""
        return action.target == "tool" and action.name in self.own_tools

    def explain(
        self, principal: Principal | None, action: Action
    ) -> tuple[Decision, Sequence[Step]]:
        """Go through the decisions, up to the one that counts; and what each of them said."""
        admitted = self.admit(principal)
        if not isinstance(admitted, Allow):
            return admitted, [Step("allow", describe(admitted), decides=True)]
        is_last = self.rules is None
        steps = [Step("allow", describe(admitted), decides=is_last)] if principal else []
        if self.is_own(action):
            used = self.use_own(principal, action.name)
            return used, [Step(DECIDED_BY, _OWN, decides=True)]
        known = self.know(principal)
        if not isinstance(known, Allow) or self.rules is None:
            return known, steps
        decided = self.rule(principal, action)
        return decided, [*steps, *explain(self.rules, principal, action)]
