import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from gateway.config.issuer import Issuer
from gateway.config.model import Cache
from gateway.errors import IdentityUnavailable, InvalidToken
from gateway.identity.keys.sources import IdentityServices, IssuerSources, build_sources
from gateway.identity.principal import Principal
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.reasons import refused
from gateway.identity.verdict.authenticator import Authenticator
from gateway.identity.verdict.cache import VerdictCache
from gateway.identity.verdict.slot import VerdictSlot
from gateway.identity.verifiers.jwt import JwtVerifier
from gateway.observability.audit.outcome import Scheme
from gateway.refusal_facts import Claimed, Mismatch
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.token_signer import TokenSigner, b64url, rsa_jwk, rsa_key
from tests.unit.identity.conftest import RESOURCE

NOW = 1_800_000_000.0
ADA = Principal("https://as.example", "ada")


def unsigned(claims: Mapping[str, object]) -> str:
    """What only looks like a JWT."""
    header = b64url(b'{"alg":"RS256"}')
    return f"{header}.{b64url(json.dumps(claims).encode())}.AAAA"


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
def cache(flights: SingleFlight, clock: HandClock) -> VerdictCache:
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


@pytest.mark.parametrize(
    ("token", "opaque", "reason"),
    [
        ("opaque", True, "inactive"),
        ("eyJhIjoxfQ.e30.", True, "wrong_issuer"),
        ("opaque", False, "malformed"),
    ],
)
async def test_what_nobody_knows_is_called_as_somebody_could_have_read_it(
    token: str, opaque: bool, reason: str, cache: VerdictCache
) -> None:
    chain = Authenticator("one", [Scripted(None)], cache, opaque=opaque)

    with pytest.raises(InvalidToken) as caught:
        await chain.authenticate(token, NOW)

    assert caught.value.reason == reason


@pytest.mark.requirement("B11")
async def test_a_token_of_nobodys_issuer_names_those_that_count(cache: VerdictCache) -> None:
    chain = Authenticator("one", [Scripted(None)], cache)
    chain.trusted = ["https://as.example"]
    token = unsigned({"iss": "https://evil.example", "sub": "ada"})

    with pytest.raises(InvalidToken) as caught:
        await chain.authenticate(token, NOW)

    assert caught.value.mismatch == Mismatch(
        "iss", ("https://as.example",), '"https://evil.example"'
    )
    assert caught.value.claimed is not None
    assert caught.value.claimed.issuer == "https://evil.example"


@pytest.mark.requirement("U11")
async def test_what_a_verifier_says_of_a_bad_token_is_kept_else_what_it_claims_itself(
    cache: VerdictCache,
) -> None:
    vouched, plain = refused("expired"), refused("expired")
    bob = vouched.claimed = Claimed("bob", "https://as.example", verified=True)
    told = []
    for number, error in enumerate((vouched, plain)):
        chain = Authenticator(str(number), [Scripted(error)], cache)
        with pytest.raises(InvalidToken) as caught:
            await chain.authenticate(unsigned({"iss": "https://x", "sub": "ada"}), NOW)
        told.append(caught.value.claimed)

    assert told[0] == bob
    assert told[1] is not None
    assert (told[1].subject, told[1].verified) == ("ada", False)


async def test_who_listens_hears_what_each_verifier_said(cache: VerdictCache) -> None:
    heard: list[tuple[int, str]] = []
    outcomes = [None, IdentityUnavailable("not now"), refused("expired"), ADA]
    chain = Authenticator(
        "one",
        [Scripted(each) for each in outcomes],
        cache,
        on_said=lambda *said: heard.append(said),
    )
    accepting = Authenticator("two", [Scripted(ADA)], cache, on_said=lambda *s: heard.append(s))

    with pytest.raises(InvalidToken):
        await chain.authenticate("token", NOW)
    await accepting.authenticate("token", NOW)

    assert heard == [(0, "not mine"), (1, "idp_unavailable"), (2, "expired"), (0, "accepted")]


@pytest.mark.requirement("A5")
@pytest.mark.parametrize(
    ("now", "skew_s", "reason"),
    [
        (NOW - 1, 0.0, "accepted"),
        (NOW, 0.0, "expired"),
        (NOW + 59, 60.0, "accepted"),
        (NOW + 60, 60.0, "expired"),
        (NOW + 61, 60.0, "expired"),
    ],
)
def test_a_token_expires_while_its_request_is_under_way(
    now: float, skew_s: float, reason: str, cache: VerdictCache
) -> None:
    chain = Authenticator("one", [], cache, clock_skew_s=skew_s)
    plain = Authenticator("two", [], cache)

    assert _again(chain, replace(ADA, expires_at=NOW), now) == reason
    assert _again(chain, ADA, now) == "accepted"
    assert _again(plain, replace(ADA, expires_at=NOW), NOW) == "expired"


@pytest.mark.requirement("A5", "152")
def test_who_is_revoked_meanwhile_is_refused(flights: SingleFlight, clock: HandClock) -> None:
    def revoke_bob(principal: Principal, now: float) -> None:
        if principal.subject == "bob" and now == NOW:
            raise refused("revoked")

    chain = Authenticator("one", [], VerdictCache(Cache(), flights, clock.clocks, revoke_bob))
    bob = replace(ADA, subject="bob")

    assert (_again(chain, ADA, NOW), _again(chain, bob, NOW)) == ("accepted", "revoked")
    slot = VerdictSlot(b"key", "token")
    chain.check_revoked(ADA, NOW, slot)
    with pytest.raises(InvalidToken):
        chain.check_revoked(bob, NOW, slot)


@pytest.mark.requirement("A15")
@pytest.mark.parametrize(
    ("scheme", "remember_s", "expected"),
    [
        ("jwt", None, None),
        ("api_key", None, None),
        ("introspection", None, 60.0),
        ("userinfo", 5.0, 5.0),
        ("jwt", 5.0, 5.0),
    ],
)
def test_a_verdict_of_somebody_elses_is_confirmed_in_time(
    scheme: Scheme, remember_s: float | None, expected: float | None, cache: VerdictCache
) -> None:
    principal = replace(ADA, scheme=scheme, remember_s=remember_s)

    assert Authenticator("one", [], cache).asked_again_after_s(principal) == expected


def _again(chain: Authenticator, principal: Principal, now: float) -> str:
    try:
        chain.check_again(principal, now, VerdictSlot(b"key", "token"))
    except InvalidToken as error:
        return error.reason
    return "accepted"


async def test_no_verifiers_accept_nothing(cache: VerdictCache) -> None:
    with pytest.raises(InvalidToken):
        await Authenticator("one", [], cache).authenticate("token", NOW)


async def test_verdict_is_cached_for_its_own_chain_only(cache: VerdictCache) -> None:
    one = Authenticator("one", [Scripted(ADA)], cache)
    other = Authenticator("other", [Scripted(None)], cache)
    assert one.cached("token", NOW) is None

    await one.authenticate("token", NOW)

    assert one.cached("token", NOW) is one.verify_slot(one.slot("token"), NOW) is ADA
    assert other.cached("token", NOW) is other.verify_slot(other.slot("token"), NOW) is None


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
    cache: VerdictCache,
    issuer: Issuer,
    fetcher: Fetcher,
    flights: SingleFlight,
    signer: TokenSigner,
) -> None:
    around = IdentityServices(flights, on_removed=lambda thumbprints: cache.clear())
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
