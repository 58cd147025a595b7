"""Whose a request is, and for whom it counts."""

from collections.abc import Hashable
from typing import NamedTuple

from gateway.http.peer import network_of
from gateway.identity.principal import Principal

Caller = tuple[str, str, str | None] | None


class CallerAtAddress(NamedTuple):
    """A caller at an address; `principal` is None without a token."""

    principal: Principal | None
    address: str

    @property
    def counted_as(self) -> Hashable:
        """What limits and caps count by: without a token the address is all that is known."""
        return counted_as(self.principal, self.address)


def caller_of(principal: Principal | None) -> Caller:
    """Whose a session is. One client id is shared by many users (attack S7)."""
    if principal is None:
        return None
    return principal.issuer, principal.subject, principal.client_id


def counted_as(principal: Principal | None, address: str) -> Hashable:
    """Whom limits and caps count: who calls with whatever client, or a network without a token.

    Not the client: where anybody may register one, everybody has as many as they like.
    """
    return network_of(address) if principal is None else (principal.issuer, principal.subject)
