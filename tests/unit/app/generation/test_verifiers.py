"""Which verifiers an issuer's settings make, and in which order."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.app.generation.issuers import open_issuers
from gateway.config.model import Cache, Config
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.verdict.cache import VerdictCache
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from tests.unit.config.samples import review

ASKED = 'client_id: gw, client_secret: "s", url: "https://idp.example.com/x"'
TEXT = """\
public_url: https://mcp.example.com
issuers: {{corp: {{issuer: "https://idp.example.com", {more}}}}}
servers: {{mcp: {{upstream: "http://127.0.0.1:9/mcp", allow: any}}}}
"""


def configured(more: str) -> Config:
    found = review(TEXT.format(more=more))
    assert found.config is not None, found.problems
    return found.config


@pytest.mark.parametrize(
    ("more", "schemes"),
    [
        ("jwks: {url: 'https://idp.example.com/jwks'}", ["jwt"]),
        (f"introspection: {{{ASKED}}}", ["jwt", "introspection"]),
    ],
)
async def test_a_token_is_read_before_anybody_is_asked(more: str, schemes: list[str]) -> None:
    config = configured(more)
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        flights = SingleFlight(group)
        cache = VerdictCache(Cache(), flights, Clocks())

        issuers = await open_issuers(config, IdentityServices(flights), cache, stack)

        links = issuers.services["corp"].verifiers(["https://mcp.example.com/mcp"])
        assert [link.scheme for link in links] == schemes
        assert {link.source for link in links} == {"corp"}


async def test_the_verifiers_of_two_servers_share_what_they_ask_with() -> None:
    config = configured(f"introspection: {{{ASKED}}}")
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        flights = SingleFlight(group)
        cache = VerdictCache(Cache(), flights, Clocks())

        issuers = await open_issuers(config, IdentityServices(flights), cache, stack)

        assert list(issuers.services["corp"].providers) == ["introspection"]
