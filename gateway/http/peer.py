"""Whose word about the client's address is believed."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network
# Where translators put IPv4 addresses: RFC 6052 §2.1.
_TRANSLATED = IPv6Network("64:ff9b::/96")
_PREFIX_BITS = 64  # one customer's: RFC 6177


@lru_cache(maxsize=4096)
def is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    """True when the peer is one of the operator's own proxies; by default nobody is."""
    try:
        parsed = ip_address(plain_address(address))
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


@lru_cache(maxsize=4096)
def plain_address(address: str) -> str:
    """An IPv4 address as itself where IPv6 carries it: a dual-stack socket shows `::ffff:a.b.c.d`.

    All of these are in one IPv6 network, so that every IPv4 client would count as one.
    """
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    carried = _carried(parsed) if isinstance(parsed, IPv6Address) else None
    return address if carried is None else str(carried)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """An IPv6 address stands for its network: one host has as many of them as it likes."""
    address = plain_address(address)
    if ":" not in address:
        return address
    try:
        full = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(int(full) >> (128 - _PREFIX_BITS)) if isinstance(full, IPv6Address) else address


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped


def client_address(peer: str, forwarded_for: Sequence[str], trusted: tuple[Network, ...]) -> str:
    """Find the client: the last address in the chain that no trusted proxy vouches past.

    `forwarded_for` holds the raw X-Forwarded-For header values; without a trusted peer they
    are what anybody can claim, so the peer itself is the client.
    """
    return plain_address(_client(peer, forwarded_for, trusted))


def _client(peer: str, forwarded_for: Sequence[str], trusted: tuple[Network, ...]) -> str:
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
