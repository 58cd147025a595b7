"""Settings of one issuer that cancel each other or would let in too many."""

import pytest

from tests.unit.config.samples import FULL, messages

ISSUER = 'issuer: "https://idp.example.com"'
CLIENT = "client_id: gw, client_secret: s"


def _messages(more: str) -> list[str]:
    return messages(FULL.replace(ISSUER, f"{ISSUER}, {more}"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("jwt: false", "tokens need introspection"),
        ("userinfo: {}", "insecure_accept_any_audience: true"),
        ("required_claims: [iss, exp, sub]", "every token needs aud"),
        ("audience_claim: client_id", "every token needs client_id"),
        ("without_iss: true, required_claims: [exp, aud]", "whose subjects count"),
        ("jwks: {url: 'https://a.example/k', file: k.json}", "either url or file"),
    ],
)
def test_a_mistake_says_what_to_do(more: str, says: str) -> None:
    assert [says in each for each in _messages(more)] == [True]


@pytest.mark.parametrize(
    "more",
    [
        f"jwt: false, introspection: {{{CLIENT}}}",
        "userinfo: {audience_claim: aud}",
        "userinfo: {insecure_accept_any_audience: true}",
        f"userinfo: {{audience_check: {{url: 'https://a.example/', {CLIENT}}}}}",
        "audience_claim: client_id, required_claims: [iss, exp, client_id]",
        "without_iss: true, required_claims: [exp, aud], require: {sub: 'spiffe://a/*'}",
    ],
)
def test_what_fits_together_is_fine(more: str) -> None:
    assert _messages(more) == []


@pytest.mark.requirement("24")
def test_an_issuer_for_every_tenant_names_those_that_count() -> None:
    text = FULL.replace(ISSUER, "preset: entra")

    assert ["tenants" in each for each in messages(text)] == [True]
    assert messages(text.replace("preset: entra", "preset: entra, tenants: [t-1]")) == []


def test_a_lookup_of_groups_needs_to_know_when_to_ask() -> None:
    lookup = "url: 'https://a.example/', credentials: {token_url: 'https://a.example/t', "

    assert "groups_overage" in _messages(f"group_lookup: {{{lookup}{CLIENT}}}}}")[0]


def test_the_embedded_issuer_makes_jwts_only() -> None:
    assert _messages(f"local: true, introspection: {{{CLIENT}}}") == [
        "the embedded issuer only makes JWTs"
    ]
