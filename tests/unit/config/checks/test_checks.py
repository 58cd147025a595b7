"""What no single value shows."""

import pytest

from tests.unit.config.samples import FULL, SHORT, messages, review

SERVER = "allow: any"
ISSUER = 'issuer: "https://idp.example.com"'
UPSTREAM = 'upstream: "http://127.0.0.1:9000/mcp"'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (SERVER, "allow: any, auth: {issuers: [defalt]}", "did you mean 'default'?"),
        (SERVER, "allow: any, auth: {issuers: [zzz]}", "there are: default"),
        (SERVER, "allow: any, auth: {audiences: ['']}", "an empty audience"),
        (SERVER, "allow: any, resource: 'https://a#b'", "absolute URI"),
        (SERVER, "allow: any, allowed_origins: ['https://a/']", "expected an origin"),
        (SERVER, "allow: any, allowed_origins: ['https://A.example']", "expected an origin"),
        (SERVER, "allow: any, allowed_origins: ['https://[']", "expected an origin"),
        (UPSTREAM, "upstream: {url: 'https://a', client_key_file: k}", "needs its certificate"),
        (ISSUER, ISSUER + ", jwks: {url: 'https://a', file: k}", "give either url or file"),
        ("issuers:", "default_server: nope\nissuers:", "nothing is named 'nope'"),
    ],
)
def test_a_conflict_is_found(old: str, new: str, message: str) -> None:
    assert any(message in each for each in messages(FULL.replace(old, new))), new


def test_no_issuer_at_all_is_refused() -> None:
    assert "at least one issuer is needed" in messages(
        FULL.replace(f"{{default: {{{ISSUER}}}}}", "{}")
    )


def test_one_embedded_issuer_is_enough() -> None:
    two = "a: {issuer: 'https://a', local: true}, b: {issuer: 'https://b', local: true}"

    assert "one embedded issuer is enough" in messages(FULL.replace(f"default: {{{ISSUER}}}", two))


@pytest.mark.parametrize("claims", ["[]", "[sub]", "[iss, aud]", "[iss, exp]", "[exp, aud]"])
def test_no_list_lets_tokens_do_without_issuer_end_or_audience(claims: str) -> None:
    """A token without `exp` would never end."""
    (message,) = messages(FULL.replace(ISSUER, f"{ISSUER}, required_claims: {claims}"))

    assert message.startswith("every token needs")


def test_the_subject_may_be_another_claim() -> None:
    claims = "required_claims: [iss, exp, aud, oid], claims: {subject: oid}"

    assert messages(FULL.replace(ISSUER, f"{ISSUER}, {claims}")) == []


def test_a_server_asks_an_issuer_once() -> None:
    """The settings of the second would never count."""
    twice = FULL.replace(f"default: {{{ISSUER}}}", f"default: {{{ISSUER}}}, again: {{{ISSUER}}}")

    assert messages(twice) == ["again and default are the same issuer; name one of them"]
    assert messages(twice.replace(SERVER, "allow: any, auth: {issuers: [again]}")) == []


def test_the_nearest_name_is_the_suggestion() -> None:
    (problem,) = review(FULL.replace(SERVER, "allow: any, auth: {issuers: [defalt]}")).problems

    assert problem.suggestion == "default"


@pytest.mark.parametrize("allow", ["", "allow: {}\n"])
def test_a_server_without_allow_is_warned_about(allow: str) -> None:
    (warning,) = review(SHORT.replace("allow: any\n", allow)).warnings

    assert "nobody gets in" in warning.message
