import json
import time
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from gateway.authserver.grants.proofs import Proofs
from gateway.errors import InvalidDpopProof
from gateway.identity.dpop.replay import ReplayCache
from gateway.resilience.clocks import Clocks
from tests.support.authorization_server import NOW, Site
from tests.support.login_pages import PersonsBrowser

KEY = ECKey.generate_key("P-256")
URL = "https://mcp.example/token"


def proof(url: str = URL, now: float = NOW, key: ECKey = KEY, **changes: object) -> str:
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    claims = {"jti": str(time.monotonic_ns()), "htm": "POST", "htu": url, "iat": int(now)}
    return jws.serialize_compact(header, json.dumps(claims | changes), key, ["ES256"])


@pytest.fixture
def proofs() -> Proofs:
    return Proofs(URL, ReplayCache(Clocks(), 60.0), 60.0)


def test_proof_names_the_key_and_is_good_once(proofs: Proofs) -> None:
    shown = proof()

    assert proofs.key_of([shown], "c", NOW) == KEY.thumbprint()
    with pytest.raises(InvalidDpopProof):
        proofs.key_of([shown], "c", NOW)


def test_no_proof_is_no_key(proofs: Proofs) -> None:
    assert proofs.key_of([], "c", NOW) is None


@pytest.mark.parametrize(
    "changes",
    [{"htm": "GET"}, {"htu": "https://mcp.example/mcp"}, {"iat": int(NOW) - 100}, {"jti": None}],
)
def test_proof_for_something_else_is_refused(proofs: Proofs, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidDpopProof):
        proofs.key_of([proof(**changes)], "c", NOW)


def test_two_proofs_are_refused(proofs: Proofs) -> None:
    with pytest.raises(InvalidDpopProof):
        proofs.key_of([proof(), proof()], "c", NOW)


async def test_tokens_are_bound_to_the_key_that_was_proved(
    site: Site, browser: PersonsBrowser
) -> None:
    """RFC 9449 §5, §10."""
    client = await site.registered()
    thumbprint = KEY.thumbprint()
    page = await browser.log_in(client.authorize_url(dpop_jkt=thumbprint))
    form = {
        "grant_type": "authorization_code",
        "code": page.answer["code"],
        "code_verifier": client.challenge.verifier,
    }
    url = f"{site.issuer}/token"
    other = ECKey.generate_key("P-256")

    without = await client.post("/token", None, **form)
    wrong = await client.post("/token", {"DPoP": proof(url, key=other)}, **form)
    status, answer, _ = await client.post("/token", {"DPoP": proof(url)}, **form)
    refresh = {"grant_type": "refresh_token", "refresh_token": str(answer["refresh_token"])}
    stolen = await client.post("/token", {"DPoP": proof(url, key=other)}, **refresh)
    own = await client.post("/token", {"DPoP": proof(url)}, **refresh)

    assert [without[0], wrong[0], stolen[0]] == [400] * 3
    assert (status, answer["token_type"], own[0]) == (200, "DPoP", 200)
    assert own[1]["token_type"] == "DPoP"  # noqa: S105  # a kind of token
