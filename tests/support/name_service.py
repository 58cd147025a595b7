"""A name service that says what a test wants, another thing each time if need be."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult


@dataclass(slots=True)
class NameService(AbstractResolver):
    """`answers` are the addresses of a name, one list for each time it is asked; the last stays."""

    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        lists = self.answers.get(host)
        if not lists:
            raise OSError("no such name")
        found = lists.pop(0) if len(lists) > 1 else lists[0]
        return [_result(host, address, port) for address in found]

    async def close(self) -> None:
        """Nothing to let go of."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    is_v6 = ip_address(address).version == 6
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if is_v6 else socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
