"""Clients that ask for a scope again and again and never get it: MCP authorization, step-up."""

from collections.abc import Callable

from cachetools import TTLCache

from gateway.identity.principal import Principal

MAX_REMEMBERED = 10_000
WINDOW_S = 300.0
MAX_CHALLENGES = 4

_Key = tuple[str, str, str | None, frozenset[str]]


class StepUps:
    """Counts equal challenges to one caller.

    A client that logs in again at each would do so for ever where the authorization server
    does not grant the scope; after a few it is told plainly, without a challenge.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._challenges: TTLCache[_Key, int] = TTLCache(MAX_REMEMBERED, WINDOW_S, timer=clock)

    def is_loop(self, principal: Principal, scopes: frozenset[str]) -> bool:
        """Count one more challenge, and tell whether it is one too many."""
        key = (principal.issuer, principal.subject, principal.client_id, scopes)
        count = self._challenges.get(key, 0) + 1
        self._challenges[key] = count
        return count > MAX_CHALLENGES
