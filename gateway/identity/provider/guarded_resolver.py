"""Resolving names for connections that strangers cause."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gateway.identity.provider.address_guard import AddressForbidden, AddressGuard, parse_address


class GuardedResolver(AbstractResolver):
    """Finds addresses, all of which may be connected to; they are what is then dialled.

    So a name cannot have another address when it is connected to than when it was checked.
    """

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._resolver = (guard.resolver or ThreadedResolver)()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of a name. Raises `AddressForbidden` when one of them is."""
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            address = parse_address(each["host"])
            if address is None:
                raise AddressForbidden("the host has an address that is none")
            self._guard.check_address(address, port)
        return found

    async def close(self) -> None:
        """Let go of what asks for addresses."""
        await self._resolver.close()
