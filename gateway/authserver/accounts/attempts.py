"""How often somebody may try to log in before they must wait. Pure."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from gateway.authserver.accounts.refusals import LoginThrottled
from gateway.config.scalars import Rate
from gateway.http.peer import network_of
from gateway.policy.limit import RateLimit

_PAIR = Rate(5, 300.0)
_NETWORK = Rate(30, 600.0)
# NIST SP 800-63B-4 §3.2.2 asks for no more than a hundred.
_ACCOUNT = Rate(100, 86400.0)
_MAX_HOMES = 10_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was counted as failed from the beginning, so that many at once are counted."""

    counted: Sequence[tuple[RateLimit, Hashable]]

    def forgive(self) -> None:
        """Undo the counting: the password was right, or nothing was compared."""
        for limit, key in self.counted:
            limit.give_back(key)


class LoginAttempts:
    """Failed tries of one network at one account, of one network, and at one account.

    A guesser is stopped by the first, without keeping out the person, who is elsewhere. Many of
    them are stopped by the last, without keeping out the person where they logged in before: such
    a network has an allowance of its own. Whether an account exists makes no difference.
    """

    def __init__(
        self, pair: Rate = _PAIR, network: Rate = _NETWORK, account: Rate = _ACCOUNT
    ) -> None:
        self._pair = RateLimit(*pair)
        self._network = RateLimit(*network)
        self._account = RateLimit(*account)
        self._homes: LRUCache[tuple[str, str], bool] = LRUCache(_MAX_HOMES)

    def begin(self, name: str, address: str, now: float) -> Attempt:
        """Count a try; `name` is folded. Raises `LoginThrottled`, which counts as none."""
        network = network_of(address)
        home = network if (network, name) in self._homes else ""
        asked: Sequence[tuple[RateLimit, Hashable, str]] = (
            (self._pair, (network, name), "too_many_failures"),
            (self._network, network, "too_many_failures_of_address"),
            (self._account, (home, name), "too_many_failures_of_account"),
        )
        counted: list[tuple[RateLimit, Hashable]] = []
        for limit, key, reason in asked:
            wait_s = limit.take(key, now)
            if wait_s > 0:
                Attempt(counted).forgive()
                raise LoginThrottled(math.ceil(wait_s), reason=reason)
            counted.append((limit, key))
        return Attempt(counted)

    def remember(self, name: str, address: str) -> None:
        """Note that somebody logged in from there."""
        self._homes[network_of(address), name] = True
