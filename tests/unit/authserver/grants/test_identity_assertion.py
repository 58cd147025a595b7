"""What an assertion says: draft-ietf-oauth-identity-assertion-authz-grant."""

import pytest

from gateway.authserver.grants.identity_assertion import parse_identity_assertion
from gateway.oauth.errors import InvalidGrant

CLAIMS: dict[str, object] = {"client_id": "desk", "jti": "one"}


def test_scope_and_resource_may_be_left_out() -> None:
    asserted = parse_identity_assertion(CLAIMS, "desk")

    assert (asserted.assertion_id, asserted.resources, asserted.scopes) == ("one", (), None)


@pytest.mark.parametrize("resource", ["https://a", ["https://a"]])
def test_resource_is_one_or_a_list(resource: object) -> None:
    asserted = parse_identity_assertion(CLAIMS | {"resource": resource, "scope": "b  a"}, "desk")

    assert asserted.resources == ("https://a",)
    assert asserted.scopes == frozenset("ab")


@pytest.mark.parametrize(
    "claims",
    [
        {"client_id": "other"},
        {"client_id": None},
        {"jti": 1},
        {"resource": 1},
        {"resource": ["https://a", 1]},
        {"scope": ["a"]},
    ],
)
def test_what_is_malformed_or_of_another_client_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(InvalidGrant):
        parse_identity_assertion(CLAIMS | claims, "desk")
