from dataclasses import replace

import pytest

from gateway.errors import InvalidToken
from gateway.identity.token.access_token import (
    Expectations,
    check_audience,
    check_claims,
    check_header,
    check_times,
    normal_token_type,
)
from gateway.refusal_facts import Mismatch

NOW = 1_800_000_000.0
US = "https://gateway.example/mcp"
AN = "an access token"
EXPECTED = Expectations(
    audiences=frozenset({US}),
    algorithms=frozenset({"RS256"}),
    token_types=frozenset({"at+jwt"}),
)
RELAXED = Expectations(
    audiences=frozenset({US}),
    algorithms=frozenset({"RS256"}),
    token_types=frozenset({"at+jwt", "jwt"}),
    max_lifetime_s=3600.0,
)


def _claims(**changes: object) -> dict[str, object]:
    good: dict[str, object] = {"iss": "i", "sub": "ada", "aud": US, "iat": NOW, "exp": NOW + 60}
    return good | changes


def _header(**changes: object) -> dict[str, object]:
    return {"alg": "RS256", "typ": "at+jwt", "kid": "1"} | changes


def _reason(claims: dict[str, object], expected: Expectations = EXPECTED) -> str:
    try:
        check_claims(claims, expected, NOW)
    except InvalidToken as error:
        return error.reason
    return "accepted"


@pytest.mark.requirement("93")
@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"])
def test_type_of_an_access_token_is_accepted_in_each_spelling(typ: str) -> None:
    assert check_header(_header(typ=typ), EXPECTED) == "RS256"


def test_media_type_of_another_tree_keeps_its_name() -> None:
    assert normal_token_type("text/at+jwt") == "text/at+jwt"
    assert normal_token_type("application/x/at+jwt") == "application/x/at+jwt"


@pytest.mark.requirement("93", "96", "101", "103", "106", "J1", "J7", "J10", "J15")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        *(({"alg": alg}, "bad_algorithm") for alg in ("none", "None", "nOnE", "", ["RS256"], None)),
        *(({"alg": alg}, "bad_algorithm") for alg in ("HS256", "rs256", "RS256 ", "RSA-OAEP")),
        *(({"crit": crit}, "malformed") for crit in (["x"], [], ["alg"], "x", None)),
        ({"crit": ["b64"], "b64": False}, "malformed"),
        ({"b64": True}, "malformed"),
        *(({"kid": kid}, "malformed") for kid in (7, None, ["1"], {"a": 1})),
        *(({"typ": typ}, "wrong_type") for typ in ("JWT", "logout+jwt", "", None, 7, "at+jwt ")),
        ({"typ": "application/application/at+jwt"}, "wrong_type"),
        ({"cty": "JWT"}, "wrong_type"),
    ],
)
def test_header_that_is_not_of_an_access_token_is_refused(
    change: dict[str, object], reason: str
) -> None:
    with pytest.raises(InvalidToken) as caught:
        check_header(_header(**change), EXPECTED)

    assert caught.value.reason == reason


def test_missing_algorithm_is_refused() -> None:
    with pytest.raises(InvalidToken):
        check_header({"typ": "at+jwt"}, EXPECTED)


@pytest.mark.requirement("N10", "97", "100", "J9", "J12")
@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"exp": NOW}, "accepted"),
        ({"exp": NOW - 59}, "accepted"),
        ({"exp": NOW - 59.5}, "accepted"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": NOW - 61}, "expired"),
        ({"exp": -1}, "expired"),
        ({"nbf": NOW + 60}, "accepted"),
        ({"nbf": NOW + 61}, "not_yet_valid"),
        ({"iat": NOW + 60}, "accepted"),
        ({"iat": NOW + 61}, "not_yet_valid"),
        ({"exp": str(int(NOW) + 60)}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"exp": 10**400}, "malformed"),
        ({"exp": [NOW]}, "malformed"),
        ({"nbf": None}, "malformed"),
        ({"nbf": "0"}, "malformed"),
        ({"iat": False}, "malformed"),
        ({"exp": None}, "missing_claim"),
        ({"exp": 2**53}, "accepted"),
        ({"exp": 2**53 + 1}, "malformed"),
        ({"nbf": -(2**53)}, "accepted"),
        ({"nbf": -(2**53) - 1}, "malformed"),
    ],
)
def test_times_count_within_the_clock_skew(change: dict[str, object], verdict: str) -> None:
    assert _reason(_claims(**change)) == verdict


@pytest.mark.requirement("J12")
@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"exp": NOW + 3600}, "accepted"),
        ({"exp": NOW + 3601}, "lifetime_too_long"),
        ({"exp": NOW + 315_360_000}, "lifetime_too_long"),
    ],
)
def test_lifetime_may_be_limited(change: dict[str, object], verdict: str) -> None:
    assert _reason(_claims(**change), RELAXED) == verdict


def test_limited_lifetime_needs_a_time_of_issue() -> None:
    claims = _claims()
    del claims["iat"]

    assert _reason(claims) == "accepted"
    assert _reason(claims, RELAXED) == "missing_claim"
    with pytest.raises(InvalidToken):
        check_times({"iat": NOW}, RELAXED, NOW)


@pytest.mark.requirement("8", "9", "24", "95", "99", "114", "J13", "J16")
@pytest.mark.parametrize(
    ("audience", "verdict"),
    [
        (US, "accepted"),
        (["https://other.example", US], "accepted"),
        (US + "2", "wrong_audience"),
        (US + "/", "wrong_audience"),
        (US[:-1], "wrong_audience"),
        (US.upper(), "wrong_audience"),
        ("https://gateway.example:443/mcp", "wrong_audience"),
        ("https://gateway.example", "wrong_audience"),
        ("https://staging.gateway.example/mcp", "wrong_audience"),
        (f"{US} https://other.example", "wrong_audience"),
        ([], "wrong_audience"),
        ("", "wrong_audience"),
        ([[US]], "malformed"),
        ([US, 7], "malformed"),
        ({US: 1}, "malformed"),
        (7, "malformed"),
        (None, "missing_claim"),
    ],
)
def test_audience_must_have_this_server_as_an_exact_member(audience: object, verdict: str) -> None:
    assert _reason(_claims(aud=audience)) == verdict


@pytest.mark.requirement("97")
@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp"])
def test_required_claim_must_be_there(name: str) -> None:
    claims = _claims()
    del claims[name]

    assert _reason(claims) == "missing_claim"


@pytest.mark.parametrize("subject", ["", 7, ["ada"]])
def test_subject_must_be_a_text(subject: object) -> None:
    assert _reason(_claims(sub=subject)) == "malformed"


@pytest.mark.requirement("93", "115", "J15")
@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "n"},
        {"at_hash": "h"},
        {"c_hash": "h"},
        {"s_hash": "h"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        *({"token_use": kind} for kind in ("id", "refresh", "offline", "logout")),
        *({"typ": kind} for kind in ("ID", "Refresh", "Offline", "LOGOUT")),
    ],
)
def test_other_kind_of_jwt_is_refused_even_where_types_are_relaxed(
    change: dict[str, object],
) -> None:
    assert _reason(_claims(**change), RELAXED) == "wrong_type"


@pytest.mark.parametrize("kind", ["access", "Bearer", "", 7, None, ["id"]])
@pytest.mark.parametrize("name", ["token_use", "typ"])
def test_what_an_issuer_calls_an_access_token_is_one(name: str, kind: object) -> None:
    assert _reason(_claims(**{name: kind}), RELAXED) == "accepted"


@pytest.mark.requirement("B11")
@pytest.mark.parametrize(
    ("change", "mismatch"),
    [
        ({"aud": "other"}, Mismatch("aud", (US,), '"other"')),
        ({"nonce": 1, "c_hash": 2}, Mismatch("claims", (AN,), '["c_hash", "nonce"]')),
        ({"token_use": "ID"}, Mismatch("token_use", (AN,), '"ID"')),
        ({"typ": "Refresh"}, Mismatch("typ", (AN,), '"Refresh"')),
    ],
)
def test_a_claim_that_is_not_as_expected_is_named(
    change: dict[str, object], mismatch: Mismatch
) -> None:
    with pytest.raises(InvalidToken) as caught:
        check_claims(_claims(**change), EXPECTED, NOW)

    assert caught.value.mismatch == mismatch


@pytest.mark.requirement("B11")
@pytest.mark.parametrize(
    ("change", "mismatch"),
    [
        ({"alg": "HS256"}, Mismatch("alg", ("RS256",), '"HS256"')),
        ({"alg": 7}, Mismatch("alg", ("RS256",), "7")),
        ({"typ": "JWT"}, Mismatch("typ", ("at+jwt",), '"JWT"')),
        ({"typ": None}, Mismatch("typ", ("at+jwt",), "null")),
    ],
)
def test_a_header_that_is_not_as_expected_is_named(
    change: dict[str, object], mismatch: Mismatch
) -> None:
    with pytest.raises(InvalidToken) as caught:
        check_header(_header(**change), EXPECTED)

    assert caught.value.mismatch == mismatch


@pytest.mark.requirement("B11")
def test_a_token_for_nobody_says_so() -> None:
    with pytest.raises(InvalidToken) as caught:
        check_audience(None, frozenset({US}))

    assert caught.value.mismatch == Mismatch("aud", (US,), "null")


@pytest.mark.parametrize("cnf", [{"jkt": "x"}, {"x5t#S256": "x"}, {"kid": "x"}, None])
def test_what_a_token_is_bound_to_is_read_with_the_principal(cnf: object) -> None:
    """RFC 7800 §3.1: whoever builds a principal from the claims refuses what nobody understands."""
    assert _reason(_claims(cnf=cnf)) == "accepted"


def test_audience_may_stand_in_another_claim() -> None:
    elsewhere = replace(EXPECTED, audience_claim="client_id", audiences=frozenset({"app"}))

    assert _reason(_claims(client_id="app"), elsewhere) == "accepted"
    assert _reason(_claims(client_id=US, aud="app"), elsewhere) == "wrong_audience"
    assert _reason(_claims(aud="app"), elsewhere) == "wrong_audience"
