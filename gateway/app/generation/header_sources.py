"""Builds what the gateway itself adds to the requests of each server: credential and assertion."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from gateway.app.generation.credentials import open_credentials
from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url
from gateway.config.reading.named_members import named_members
from gateway.identity.keys.sources import IdentityServices
from gateway.proxy.outgoing.assertion import AssertionIntroducer
from gateway.proxy.outgoing.assertion_keys import AssertionKeys
from gateway.proxy.outgoing.header_source import HeaderSource
from gateway.proxy.outgoing.identity_bounds import Bounds
from gateway.resilience.clocks import Clocks


@dataclass(frozen=True, slots=True)
class Introducers:
    """By server; `keys` is None where no server wants assertions."""

    by_server: Mapping[str, Sequence[HeaderSource]]
    keys: AssertionKeys | None = None


def identity_bounds(config: Config, server: Server) -> Bounds:
    """How much a server's upstream is told of a caller."""
    forward, named = server.forward, named_members(config, server)
    return Bounds(forward.max_value, forward.oversized == "named", named)


async def open_introducers(
    config: Config, around: IdentityServices, group: asyncio.TaskGroup, stack: AsyncExitStack
) -> Introducers:
    """Build them all; what they keep fresh ends with `stack`.

    Raises `ConfigError` for keys and clients that cannot be used.
    """
    credentials = await open_credentials(config, around, stack)
    keys = None
    if any(server.forward.assertion is not None for server in config.servers.values()):
        keys = AssertionKeys.load(config.assertion_keys, config.state_dir, Clocks())
        stack.callback(group.create_task(keys.run()).cancel)
    built: dict[str, list[HeaderSource]] = {}
    for name, server in config.servers.items():
        built[name] = [credentials[name]] if name in credentials else []
        if keys is not None and server.forward.assertion is not None:
            assertion = AssertionIntroducer(
                keys,
                issuer=public_url(config, server),
                audience=server.forward.assertion.audience or server.upstream.url,
                lifetime_s=server.forward.assertion.lifetime,
                bounds=identity_bounds(config, server),
            )
            built[name].append(assertion)
    return Introducers(built, keys)
