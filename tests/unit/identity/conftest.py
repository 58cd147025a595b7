"""A real issuer on loopback."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.config.issuer import Issuer, Jwks
from gateway.errors import GatewayError
from gateway.identity.keys.sources import IdentityServices, IssuerSources, build_sources
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.provider.provider import Provider
from gateway.identity.verifier import Verifier
from gateway.identity.verifiers.jwt import JwtVerifier
from gateway.resilience.breaker import Breaker, BreakerSettings
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import IssuerService
from tests.support.token_signer import TokenSigner

RESOURCE = "https://gateway.example/mcp"


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(timeout_s=1.0) as opened:
        yield opened


@pytest.fixture
def issuer(signer: TokenSigner) -> Issuer:
    return Issuer(issuer=signer.issuer, jwks=Jwks(url=f"{signer.issuer}/jwks"))


@pytest.fixture
async def sources(
    issuer: Issuer, fetcher: Fetcher, flights: SingleFlight, clock: HandClock
) -> IssuerSources:
    found = build_sources("corp", issuer, fetcher, IdentityServices(flights, clock.clocks))
    await found.keys.refresh()
    return found


@pytest.fixture
def verifier(issuer: Issuer, sources: IssuerSources) -> JwtVerifier:
    return JwtVerifier(issuer, [RESOURCE], sources.keys)


async def verdict(verifier: Verifier, token: str, now: float | None = None) -> str:
    """`accepted`, `not mine`, or the reason of the refusal."""
    try:
        principal = await verifier.verify(token, time.time() if now is None else now)
    except GatewayError as error:
        return error.reason
    return "not mine" if principal is None else "accepted"


@pytest.fixture
async def service() -> AsyncIterator[IssuerService]:
    async with IssuerService() as running:
        yield running


@dataclass
class Asking:
    """What verifiers that ask somebody are built from."""

    provider: Provider
    results: list[str]


@pytest.fixture
def asking(fetcher: Fetcher, clock: HandClock) -> Asking:
    results: list[str] = []
    breaker = Breaker(clock.clocks, BreakerSettings(failures=2, open_s=10.0))
    provider = Provider(
        "corp", "introspection", fetcher, breaker, 1.0, lambda *told: results.append(told[2])
    )
    return Asking(provider, results)
