"""Asking again, while streams live, about the credentials that they were opened with.

A new request would be refused once an issuer says that a token is no longer active; so must the
stream end that was opened with it. What expires or is revoked here ends streams by itself.
"""

import asyncio
import time
from collections.abc import Collection

from gateway.errors import AccessDenied, IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.policy.decision import Allow, Unknown
from gateway.proxy.gate.route import Route
from gateway.proxy.inbound.renewal import Renewal
from gateway.proxy.inbound.stream import Stream
from gateway.resilience.single_flight import SingleFlight

LOOK_S = 0.5


def renewal_of(route: Route, principal: Principal | None, token: str | None) -> Renewal | None:
    """What keeps a stream's verdict fresh; None where nobody is asked about the token."""
    if principal is None or token is None:
        return None
    authenticator = route.authenticator
    interval_s = authenticator.asked_again_after_s(principal)
    if interval_s is None:
        return None

    async def confirm(now: float) -> float:
        # A verdict that other requests have renewed since is as good.
        known = authenticator.cached(token, now) or await authenticator.authenticate(token, now)
        _check_admitted(route, known)
        return authenticator.asked_again_after_s(known) or interval_s

    return Renewal(confirm, interval_s)


class Renewals:
    """Renews the verdicts that open streams rest on, and ends streams that have lost theirs."""

    def __init__(self, streams: Collection[Stream], flights: SingleFlight) -> None:
        self._streams = streams
        self._flights = flights

    async def run(self) -> None:
        """Look for what is due until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            for stream in tuple(self._streams):
                if stream.renewal is not None and stream.renewal.begin():
                    self._start(stream, stream.renewal)

    def _start(self, stream: Stream, renewal: Renewal) -> None:
        async def renew() -> None:
            ended = await renewal.renew(time.time())
            if ended is not None:
                stream.end(ended)

        self._flights.launch(("renewal", stream), renew)


def _check_admitted(route: Route, principal: Principal) -> None:
    decision = route.policy.admit(principal)
    if isinstance(decision, Unknown):
        raise IdentityUnavailable("The caller's groups are not known now.")
    if not isinstance(decision, Allow):
        raise AccessDenied("You may not use this server.", reason=decision.reason)
