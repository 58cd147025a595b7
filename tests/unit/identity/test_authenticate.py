import time
from dataclasses import dataclass

import pytest

from gateway.config.issuer import Issuer
from gateway.config.model import Cache
from gateway.errors import IdentityUnavailable, InvalidToken
from gateway.identity.authenticate import Authenticator
from gateway.identity.cache import VerdictCache
from gateway.identity.fetch import Fetcher
from gateway.identity.flights import Flights
from gateway.identity.jwt import JwtVerifier
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.sources import IssuerSources, Surroundings, build_sources
from tests.support.token_signer import TokenSigner, rsa_jwk, rsa_key
from tests.unit.identity.conftest import RESOURCE, HandClock

NOW = 1_800_000_000.0
ADA = Principal("https://as.example", "ada")


@dataclass
class Scripted:
    """A verifier of some other kind of token, with a fixed outcome."""

    outcome: Principal | Exception | None
    asked: int = 0

    async def verify(self, token: str, now: float) -> Principal | None:
        self.asked += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def cache(flights: Flights, clock: HandClock) -> VerdictCache:
    return VerdictCache(Cache(), flights, clock.clocks)


async def test_first_verifier_that_knows_the_token_decides(cache: VerdictCache) -> None:
    last = Scripted(ADA)
    chain = Authenticator("one", [Scripted(None), Scripted(refused("expired")), last], cache)

    with pytest.raises(InvalidToken) as caught:
        await chain.authenticate("token", NOW)

    assert caught.value.reason == "expired"
    assert last.asked == 0


@pytest.mark.requirement("122")
async def test_verifier_that_cannot_know_does_not_hide_one_that_can(cache: VerdictCache) -> None:
    unavailable = Scripted(IdentityUnavailable("not now"))

    assert await Authenticator("a", [unavailable, Scripted(ADA)], cache).authenticate("t", NOW)


@pytest.mark.requirement("122")
async def test_nobody_else_knowing_is_an_outage_and_no_refusal(cache: VerdictCache) -> None:
    chain = Authenticator("one", [Scripted(IdentityUnavailable("not now")), Scripted(None)], cache)

    with pytest.raises(IdentityUnavailable):
        await chain.authenticate("token", NOW)


@pytest.mark.requirement("7")
@pytest.mark.parametrize(
    ("token", "reason"), [("opaque", "malformed"), ("eyJhIjoxfQ.e30.", "wrong_issuer")]
)
async def test_token_that_nobody_claims_is_refused(
    token: str, reason: str, cache: VerdictCache
) -> None:
    with pytest.raises(InvalidToken) as caught:
        await Authenticator("one", [Scripted(None)], cache).authenticate(token, NOW)

    assert caught.value.reason == reason


async def test_no_verifiers_accept_nothing(cache: VerdictCache) -> None:
    with pytest.raises(InvalidToken):
        await Authenticator("one", [], cache).authenticate("token", NOW)


async def test_verdict_is_cached_for_its_own_chain_only(cache: VerdictCache) -> None:
    one = Authenticator("one", [Scripted(ADA)], cache)
    other = Authenticator("other", [Scripted(None)], cache)
    assert one.cached("token", NOW) is None

    await one.authenticate("token", NOW)

    assert one.cached("token", NOW) is ADA
    assert other.cached("token", NOW) is None


@pytest.mark.requirement("C2", "9")
async def test_token_for_one_server_is_refused_at_another(
    cache: VerdictCache, issuer: Issuer, sources: IssuerSources, signer: TokenSigner
) -> None:
    one, other = (
        Authenticator(resource, [JwtVerifier(issuer, [resource], sources.keys)], cache)
        for resource in (RESOURCE, "https://gateway.example/other")
    )
    token = signer.token(RESOURCE)
    assert await one.authenticate(token, time.time())

    for _ in range(2):
        with pytest.raises(InvalidToken):
            await other.authenticate(token, time.time())


@pytest.mark.requirement("J24")
async def test_refusals_of_a_token_read_alike_fresh_and_cached(cache: VerdictCache) -> None:
    chain = Authenticator("one", [Scripted(refused("bad_signature"))], cache)
    with pytest.raises(InvalidToken) as fresh:
        await chain.authenticate("token", NOW)

    with pytest.raises(InvalidToken) as cached:
        chain.cached("token", NOW)

    assert (fresh.value.description, fresh.value.reason) == (
        cached.value.description,
        cached.value.reason,
    )


@pytest.mark.requirement("J21", "J23")
async def test_rotation_refuses_no_good_token_and_no_verdict_outlives_its_key(
    cache: VerdictCache, issuer: Issuer, fetcher: Fetcher, flights: Flights, signer: TokenSigner
) -> None:
    around = Surroundings(flights, on_removed=lambda thumbprints: cache.clear())
    sources = build_sources("corp", issuer, fetcher, around)
    await sources.keys.refresh()
    chain = Authenticator("one", [JwtVerifier(issuer, [RESOURCE], sources.keys)], cache)
    old = signer.token(RESOURCE)
    new = signer.token(RESOURCE, key=rsa_key("new"), header={"kid": "new"})
    await chain.authenticate(old, time.time())

    signer.keys = [rsa_jwk(rsa_key("new"), "new")]

    assert await chain.authenticate(new, time.time())
    assert len(signer.fetched) == 2
    assert chain.cached(old, time.time()) is None
    with pytest.raises(InvalidToken):
        await chain.authenticate(old, time.time())
