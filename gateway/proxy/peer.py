"""Whose word about the client's address is believed."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    """True when the peer is one of the operator's own proxies; by default nobody is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: tuple[Network, ...]) -> str:
    """Find the client: the last address in the chain that no trusted proxy vouches past.

    `forwarded_for` holds the raw X-Forwarded-For header values; without a trusted peer they
    are what anybody can claim, so the peer itself is the client.
    """
    if not trusted or not is_trusted(peer, trusted):
        return peer
    chain = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    for hop in reversed(chain):
        if not _is_address(hop):
            return peer
        if not is_trusted(hop, trusted):
            return hop
    return peer


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
