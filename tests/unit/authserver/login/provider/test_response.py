import pytest

from gateway.authserver.login.provider.response import (
    ExpectedIssuer,
    ProviderRefusal,
    check_issuer,
    parse_authorization_response,
    parse_refusal,
)
from gateway.errors import AccessDenied, InvalidRequest
from gateway.oauth.parameters import Parameters

ISSUER = "https://idp.example"


@pytest.mark.requirement("65")
@pytest.mark.parametrize("is_promised", [True, False])
@pytest.mark.parametrize(
    "iss", ["https://idp.example/", "HTTPS://idp.example", "https://idp.example:443"]
)
def test_issuer_is_compared_as_it_is(iss: str, is_promised: bool) -> None:
    """RFC 9207 §2.4, RFC 3986 §6.2.1."""
    with pytest.raises(AccessDenied):
        check_issuer(Parameters({"iss": iss}), ExpectedIssuer(ISSUER, is_promised))


@pytest.mark.requirement("65", "F7")
def test_issuer_may_be_missing_only_where_nobody_promised_it() -> None:
    check_issuer(Parameters({}), ExpectedIssuer(ISSUER))

    with pytest.raises(AccessDenied):
        check_issuer(Parameters({}), ExpectedIssuer(ISSUER, is_promised=True))


def test_code_is_read() -> None:
    assert parse_authorization_response(Parameters({"code": "a.b~c"})) == "a.b~c"


def test_error_wins_over_a_code() -> None:
    response = Parameters({"code": "x", "error": "access_denied"})

    assert parse_authorization_response(response) == ProviderRefusal("access_denied")


@pytest.mark.parametrize("values", [{}, {"code": "with space"}, {"code": "x" * 4097}])
def test_response_without_a_usable_code_is_a_bad_request(values: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        parse_authorization_response(Parameters(values))


@pytest.mark.requirement("F14")
@pytest.mark.parametrize(
    ("error", "text", "shown"),
    [
        ("access_denied", None, "access_denied"),
        ("<b>", "x", "error: x"),
        (7, 7, "error"),
        ("login_required", "a\r\n\x1b[31mb\u202ec", "login_required: a [31mb c"),
    ],
)
def test_words_of_the_provider_fit_into_a_line(error: object, text: object, shown: str) -> None:
    assert str(parse_refusal(error, text)) == shown


@pytest.mark.requirement("F14")
def test_words_of_the_provider_are_few() -> None:
    assert len(parse_refusal("e", "x" * 5000).text) == 200
