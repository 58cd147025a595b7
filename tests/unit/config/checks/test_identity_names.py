"""Identity headers that cannot be."""

import pytest

from gateway.config.checks.identity_names import find_bad_identity_headers
from gateway.config.model import Forward
from gateway.http.field_names import PROTECTED, fold, is_reserved
from gateway.http.header_table import HOP_BY_HOP

RESERVED = "this header has a meaning already; name another one"


def complaints(headers: dict[str, str], *required: str) -> list[str]:
    forward = Forward(identity_headers=headers, required=frozenset(required))
    return [finding.message for finding in find_bad_identity_headers(forward)]


@pytest.mark.requirement("I3")
@pytest.mark.parametrize("second", ["x-user-id", "X_User_Id", "X.User.Id", "X~User~Id"])
def test_two_spellings_of_one_name_are_refused(second: str) -> None:
    headers = {"X-User-Id": "subject", second: "email"}

    assert complaints(headers) == ["many servers take it for X-User-Id"]


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "authorization",
        "Cookie",
        "Content-Length",
        "Content_Type",
        "Mcp-Session-Id",
        "X-Forwarded-For",
        "x_forwarded_proto",
        "TE",
        "Proxy-Authorization",
    ],
)
def test_a_header_with_a_meaning_of_its_own_is_refused(name: str) -> None:
    assert complaints({name: "subject"}) == [RESERVED]


def test_what_the_data_plane_would_refuse_at_start_is_refused_here() -> None:
    """Else `config check` is content and `run` is not."""
    names = [name.encode() for name in HOP_BY_HOP.names if not name.endswith("*")]
    names += [*PROTECTED, b"host", b"authorization", b"expect", b"x-forwarded-host"]
    names += [b"x-forwarded-for", b"x-forwarded-proto", b"x-request-id", b"accept-encoding"]

    assert all(is_reserved(fold(name)) for name in names)
    assert all(complaints({name.decode(): "subject"}) == [RESERVED] for name in names)


@pytest.mark.parametrize("source", ["sub", "claims", "claims.", "claims..x", "claims.a.", ""])
def test_a_source_that_no_token_has_is_refused(source: str) -> None:
    (message,) = complaints({"X-A": source})

    assert message.startswith("expected subject, email")


def test_fields_and_claims_are_sources() -> None:
    assert complaints({"X-A": "subject", "X-B": "claims.realm.roles"}, "x-a") == []


def test_only_an_identity_header_can_be_required() -> None:
    assert complaints({"X-A": "subject"}, "X-B") == ["X-B is none of the identity headers"]
