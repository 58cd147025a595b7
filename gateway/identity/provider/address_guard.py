"""Connections that whoever names a URL cannot turn against the network that the gateway is in."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from gateway.http.peer import Network
from gateway.http.public_address import is_public
from gateway.resilience.document import FetchFailed

if TYPE_CHECKING:  # a start that asks nobody needs no aiohttp
    from aiohttp.abc import AbstractResolver

_HTTPS = 443


class AddressForbidden(FetchFailed):
    """The host is at an address that strangers may not make the gateway connect to."""


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """What may be connected to: port 443 of public addresses, and all of the `allowed` networks.

    `resolver` makes what asks for the addresses of a name, None for the system's.
    """

    allowed: tuple[Network, ...] = ()
    resolver: "Callable[[], AbstractResolver] | None" = None

    def check_host(self, host: str, port: int) -> None:
        """Raise `AddressForbidden` for an address in the place of a name.

        Nobody resolves it, so that nobody else would look at it.
        """
        address = parse_address(host.strip("[]"))
        if address is not None:
            self.check_address(address, port)

    def check_address(self, address: IPv4Address | IPv6Address, port: int) -> None:
        """Raise `AddressForbidden` unless it may be connected to."""
        if any(address in network for network in self.allowed):
            return
        if not is_public(address):
            # Without the address: the text may reach whoever asked, and they would map a network.
            raise AddressForbidden("the host has an address that is not public")
        if port != _HTTPS:
            raise AddressForbidden(f"only port {_HTTPS} of public addresses is asked")


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address, None for what is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None
