"""What callers must show beside a bound token; `tests/attacks/test_dpop.py` asks the gateway."""

from dataclasses import replace
from typing import Literal

import pytest

from gateway.config.model import Dpop
from gateway.errors import DpopNonceNeeded, InvalidToken
from gateway.identity.dpop.nonce import Nonces
from gateway.identity.dpop.possession import Possession
from gateway.identity.dpop.proof import verify_proof
from gateway.identity.dpop.replay import ReplayCache
from gateway.identity.principal import Confirmation, Principal
from gateway.oauth.bearer import Credentials, Presented
from gateway.refusal_facts import Claimed
from gateway.resilience.clocks import Clocks
from tests.support.heads import head
from tests.unit.identity.dpop.test_proof import CONTEXT, NOW, URL, make_proof

KEY = verify_proof(make_proof(), CONTEXT).key_thumbprint
FREE = Principal("https://idp.example", "ada")
BOUND = Principal("https://idp.example", "ada", confirmation=Confirmation(key_thumbprint=KEY))
PINNED = Principal(
    "https://idp.example", "ada", confirmation=Confirmation(certificate_thumbprint="x")
)


@pytest.mark.requirement("153")
@pytest.mark.parametrize(
    ("settings", "scheme", "principal", "concerned"),
    [
        (Dpop(), "Bearer", FREE, False),
        (Dpop(), "DPoP", FREE, True),
        (Dpop(), "Bearer", BOUND, True),
        (Dpop(mode="off"), "Bearer", BOUND, True),
        (Dpop(mode="required"), "Bearer", FREE, True),
    ],
)
def test_what_is_bound_shown_as_bound_or_must_be_is_checked(
    settings: Dpop, scheme: Presented, principal: Principal, concerned: bool
) -> None:
    possession = Possession(settings, "https://gw.example/mcp", ReplayCache(Clocks(), 60.0))

    assert possession.concerns(Credentials(scheme, "t"), principal) is concerned


def _possession(settings: Dpop | None = None, nonces: Nonces | None = None) -> Possession:
    return Possession(settings or Dpop(), URL, ReplayCache(Clocks(), 60.0), nonces)


def _outcome(
    possession: Possession,
    principal: Principal = BOUND,
    scheme: Presented = "DPoP",
    proofs: list[str] | None = None,
    method: str = "POST",
) -> str:
    shown = [make_proof()] if proofs is None else proofs
    request = head(method, headers=[("DPoP", each) for each in shown])
    try:
        possession.check(request, Credentials(scheme, "token"), principal, NOW)
    except InvalidToken as error:
        told = error.claimed == Claimed("ada", "https://idp.example", verified=True)
        return error.reason if told else "nobody is named"
    return "accepted"


@pytest.mark.requirement("153", "154", "157")
@pytest.mark.parametrize(
    ("mode", "principal", "scheme", "outcome"),
    [
        ("allowed", BOUND, "DPoP", "accepted"),
        ("required", BOUND, "DPoP", "accepted"),
        ("off", BOUND, "DPoP", "sender_constrained"),
        ("off", BOUND, "Bearer", "sender_constrained"),
        ("allowed", BOUND, "Bearer", "sender_constrained"),
        ("allowed", PINNED, "DPoP", "sender_constrained"),
        ("allowed", PINNED, "Bearer", "sender_constrained"),
        ("allowed", FREE, "DPoP", "dpop_proof"),
        ("required", FREE, "Bearer", "dpop_proof"),
        ("off", FREE, "Bearer", "sender_constrained"),
    ],
)
def test_a_token_is_shown_as_it_is_bound(
    mode: Literal["off", "allowed", "required"],
    principal: Principal,
    scheme: Presented,
    outcome: str,
) -> None:
    assert _outcome(_possession(Dpop(mode=mode)), principal, scheme) == outcome


@pytest.mark.requirement("154")
@pytest.mark.parametrize(
    ("proofs", "method"),
    [
        ([], "POST"),
        ([make_proof(), make_proof(jti="other")], "POST"),
        ([make_proof(htm="GET")], "POST"),
        ([make_proof()], "GET"),
        ([make_proof(htu="https://gateway.example/other")], "POST"),
        ([make_proof(ath="other")], "POST"),
        ([make_proof(iat=NOW - 61)], "POST"),
    ],
)
def test_one_proof_for_this_request_and_token_is_needed(proofs: list[str], method: str) -> None:
    assert _outcome(_possession(), proofs=proofs, method=method) == "dpop_proof"


@pytest.mark.requirement("154")
def test_a_proof_by_another_key_is_none() -> None:
    thief = replace(BOUND, confirmation=Confirmation(key_thumbprint="other"))

    assert _outcome(_possession(), thief) == "dpop_proof"


@pytest.mark.requirement("154")
def test_a_proof_is_good_once() -> None:
    possession = _possession()

    assert [_outcome(possession) for _ in range(2)] == ["accepted", "dpop_proof"]
    assert _outcome(possession, proofs=[make_proof(jti="another")]) == "accepted"


@pytest.mark.requirement("154")
def test_a_proof_that_lacks_the_nonce_is_not_used_up() -> None:
    nonces = Nonces(b"k" * 32)
    possession = _possession(nonces=nonces)
    request = head(headers=[("DPoP", make_proof())])
    with pytest.raises(DpopNonceNeeded) as caught:
        possession.check(request, Credentials("DPoP", "token"), BOUND, NOW)

    assert caught.value.nonce == nonces.current(NOW)
    assert _outcome(possession, proofs=[make_proof(nonce="stale")]) == "dpop_nonce"
    assert _outcome(possession, proofs=[make_proof(nonce=caught.value.nonce)]) == "accepted"


def test_how_old_a_proof_may_be_is_configured() -> None:
    possession = _possession(Dpop(max_age=5.0))

    assert _outcome(possession, proofs=[make_proof(iat=NOW - 5)]) == "accepted"
    assert _outcome(possession, proofs=[make_proof(jti="2", iat=NOW - 6)]) == "dpop_proof"
