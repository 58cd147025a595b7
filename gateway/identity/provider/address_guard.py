"""Connections that whoever names a URL cannot turn against the network that the gateway is in."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gateway.http.peer import Network
from gateway.http.public_address import is_public
from gateway.resilience.document import FetchFailed

_HTTPS = 443


class AddressForbidden(FetchFailed):
    """The host is at an address that strangers may not make the gateway connect to."""


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """What may be connected to: port 443 of public addresses, and all of the `allowed` networks.

    `resolver` makes what asks for the addresses of a name.
    """

    allowed: tuple[Network, ...] = ()
    resolver: Callable[[], AbstractResolver] = ThreadedResolver

    def check_host(self, host: str, port: int) -> None:
        """Raise `AddressForbidden` for an address in the place of a name.

        Nobody resolves it, so that nobody else would look at it.
        """
        address = _parse(host.strip("[]"))
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


class GuardedResolver(AbstractResolver):
    """Finds addresses, all of which may be connected to; they are what is then dialled.

    So a name cannot have another address when it is connected to than when it was checked.
    """

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._resolver = guard.resolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of a name. Raises `AddressForbidden` when one of them is."""
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            address = _parse(each["host"])
            if address is None:
                raise AddressForbidden("the host has an address that is none")
            self._guard.check_address(address, port)
        return found

    async def close(self) -> None:
        """Let go of what asks for addresses."""
        await self._resolver.close()


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
