import pytest

from gateway.client.discovery.challenge import Challenge, bearer_challenge_of, parse_challenges
from gateway.oauth.challenge import bearer_challenge

URL = "https://mcp.example/.well-known/oauth-protected-resource/mcp"


def test_what_the_gateway_builds_is_read() -> None:
    text = bearer_challenge(
        URL, scopes=frozenset({"b", "a"}), code="invalid_token", description="no, not this"
    )

    challenge = bearer_challenge_of([text])

    assert challenge is not None
    assert challenge.parameters["resource_metadata"] == URL
    assert challenge.parameters["error_description"] == "no, not this"
    assert challenge.scopes == ("a", "b")


@pytest.mark.parametrize(
    "values",
    [
        ['Negotiate, Bearer realm="x, Basic y", scope=a'],
        ["Negotiate", 'bearer realm="x, Basic y",scope=a'],
        ['Negotiate YII==, BEARER Realm = "x, Basic y" , , Scope="a"'],
        ['Basic realm="b", Bearer realm="x, Basic y", scope="a", scope="b"'],
    ],
)
def test_challenge_is_found_among_others(values: list[str]) -> None:
    """RFC 9110 §11.6.1."""
    challenge = bearer_challenge_of(values)

    assert challenge == Challenge("bearer", {"realm": "x, Basic y", "scope": "a"})


def test_quotes_may_be_escaped() -> None:
    (challenge,) = parse_challenges(['Bearer error_description="say \\"a\\\\b\\""'])

    assert challenge.parameters["error_description"] == 'say "a\\b"'


@pytest.mark.parametrize("text", ["", ",,,", '="x"', 'Bearer scope="without end', "\x00\x01"])
def test_nonsense_ends_nothing(text: str) -> None:
    for challenge in parse_challenges([text]):
        assert challenge.parameters == {}


def test_no_bearer_challenge_is_none() -> None:
    assert bearer_challenge_of(["Basic realm=x"]) is None
    assert bearer_challenge_of([]) is None
