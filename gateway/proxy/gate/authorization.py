"""What deciding by the rules of one server needs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.policy.rules import Annotations, Rules
from gateway.proxy.answers.list_filter import ListFilter, Show, listed_by
from gateway.proxy.limits.step_up import StepUps

# What the server itself publishes about a tool, None when it has no such tool.
AnnotationsOf = Callable[[str], Awaitable[Annotations | None]]


@dataclass(frozen=True, slots=True)
class Authorization:
    """The rules of a server and what goes with them.

    `scopes` are those that every caller of the server needs, `contact` whom a caller may ask.
    """

    rules: Rules
    annotations_of: AnnotationsOf
    step_ups: StepUps
    scopes: frozenset[str] = frozenset()
    contact: str | None = None
    show: Show = "reachable"
    max_list_ttl_s: float = 60.0

    def lists(
        self, principal: Principal | None, http_method: str, messages: Sequence[Message]
    ) -> ListFilter | None:
        """The filter of the lists that a request may be answered with, None without any."""
        listed = () if self.show == "all" else listed_by(http_method, messages)
        if not listed:
            return None
        return ListFilter(self.rules, principal, listed, self.show, self.max_list_ttl_s)
