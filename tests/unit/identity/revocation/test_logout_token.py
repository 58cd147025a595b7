"""Logout tokens: OIDC Back-Channel Logout 1.0 §2.4, §2.6."""

import time

import pytest

from gateway.config.issuer import Issuer, Jwks
from gateway.errors import InvalidToken
from gateway.identity.keys.sources import IdentityServices, build_sources
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.revocation.logout_token import Logout, LogoutTokens
from gateway.resilience.single_flight import SingleFlight
from tests.support.token_signer import TokenSigner, rsa_key

CLIENT = "mcp-client"
EVENT = "http://schemas.openid.net/event/backchannel-logout"  # §2.4
HEADER = {"typ": "logout+jwt"}


@pytest.fixture
async def tokens(signer: TokenSigner, fetcher: Fetcher, flights: SingleFlight) -> LogoutTokens:
    issuer = Issuer(issuer=signer.issuer, jwks=Jwks(url=f"{signer.issuer}/jwks"))
    sources = build_sources("corp", issuer, fetcher, IdentityServices(flights))
    return LogoutTokens(issuer, (CLIENT,), sources.keys)


def _claims(**changes: object) -> dict[str, object]:
    return {"events": {EVENT: {}}, "sid": "s-1", "jti": "j-1", "scope": None} | changes


@pytest.mark.requirement("115")
async def test_it_says_whose_session_is_over(tokens: LogoutTokens, signer: TokenSigner) -> None:
    now = int(time.time())
    token = signer.token(CLIENT, header=HEADER, key=None, **_claims(iat=now, exp=now + 120))

    logout = await tokens.verify(token, now)

    assert logout == Logout(signer.issuer, "j-1", now + 1, now + 120, "ada", "s-1")


@pytest.mark.requirement("A20")
@pytest.mark.parametrize(
    ("issued_at", "before"), [(-1, None), (0, None), (-(2**52), None), (0.5, 1), (1, 2), (1.5, 2)]
)
async def test_no_time_of_issue_makes_a_logout_say_nothing(
    tokens: LogoutTokens, signer: TokenSigner, issued_at: float, before: float | None
) -> None:
    now = int(time.time())
    token = signer.token(CLIENT, header=HEADER, key=None, **_claims(iat=issued_at))

    assert (await tokens.verify(token, now)).before == (now + 1 if before is None else before)


@pytest.mark.parametrize("typ", ["logout+jwt", "JWT", "application/logout+jwt", None])
async def test_issuers_that_name_the_type_otherwise_are_understood(
    tokens: LogoutTokens, signer: TokenSigner, typ: str | None
) -> None:
    header = {"typ": typ} if typ else {"typ": ""}

    assert await tokens.verify(
        signer.token(CLIENT, header=header, key=None, **_claims()), time.time()
    )


@pytest.mark.requirement("J15", "115")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"nonce": "n"}, "wrong_type"),
        ({"events": None}, "wrong_type"),
        ({"events": {}}, "wrong_type"),
        ({"events": {EVENT: True}}, "wrong_type"),
        ({"events": [EVENT]}, "wrong_type"),
        ({"sub": None, "sid": None}, "missing_claim"),
        ({"jti": None}, "missing_claim"),
        ({"iat": None}, "missing_claim"),
        ({"exp": None}, "missing_claim"),
        ({"exp": 1}, "expired"),
        ({"aud": "other"}, "wrong_audience"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
    ],
)
async def test_anything_else_is_refused(
    tokens: LogoutTokens, signer: TokenSigner, change: dict[str, object], reason: str
) -> None:
    token = signer.token(CLIENT, header=HEADER, key=None, **(_claims() | {"aud": CLIENT} | change))

    with pytest.raises(InvalidToken) as error:
        await tokens.verify(token, time.time())

    assert error.value.reason == reason


@pytest.mark.requirement("J14", "115")
async def test_nobody_else_can_say_that_somebody_logged_out(
    tokens: LogoutTokens, signer: TokenSigner
) -> None:
    forged = signer.token(CLIENT, header=HEADER, key=rsa_key("attacker"), **_claims())

    with pytest.raises(InvalidToken) as error:
        await tokens.verify(forged, time.time())

    assert error.value.reason == "bad_signature"


@pytest.mark.parametrize(
    ("change", "told"), [({"sub": None}, (None, "s-1")), ({"sid": None}, ("ada", None))]
)
async def test_a_session_or_a_subject_is_enough(
    tokens: LogoutTokens, signer: TokenSigner, change: dict[str, object], told: tuple[str, str]
) -> None:
    token = signer.token(CLIENT, header=HEADER, key=None, **(_claims() | change))

    logout = await tokens.verify(token, time.time())

    assert (logout.subject, logout.session_id) == told


@pytest.mark.requirement("J15")
async def test_an_access_token_is_no_logout_token(
    tokens: LogoutTokens, signer: TokenSigner
) -> None:
    with pytest.raises(InvalidToken):
        await tokens.verify(signer.token(CLIENT), time.time())
