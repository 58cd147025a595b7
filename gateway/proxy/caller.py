"""Whose a request is, and for whom it counts."""

from collections.abc import Hashable
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from gateway.identity.principal import Principal

Caller = tuple[str, str, str | None] | None
_PREFIX_BITS = 64  # one customer's: RFC 6177


class Presence(NamedTuple):
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
    """Whom limits and caps count: a caller, or the network of one without a token."""
    return network_of(address) if principal is None else caller_of(principal)


def network_of(address: str) -> str:
    """An IPv6 address stands for its network: one host has as many of them as it likes."""
    if ":" not in address:
        return address
    try:
        full = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(int(full) >> (128 - _PREFIX_BITS)) if isinstance(full, IPv6Address) else address
