import base64

import pytest

from gateway.errors import GatewayError, InvalidRequest
from gateway.oauth.client_authentication import PresentedClient, parse_client
from gateway.oauth.errors import InvalidClient
from gateway.oauth.parameters import Parameters


def basic(text: str) -> list[str]:
    return ["Basic " + base64.b64encode(text.encode()).decode()]


def test_public_client_names_itself_in_the_form() -> None:
    assert parse_client([], Parameters({"client_id": "a"})) == PresentedClient("a")


def test_secret_comes_in_the_form_or_in_basic() -> None:
    form = parse_client([], Parameters({"client_id": "a", "client_secret": "s"}))
    header = parse_client(basic("a:s"), Parameters({"client_id": "a"}))

    assert form == PresentedClient("a", ("s",))
    assert header == PresentedClient("a", ("s",), uses_header=True)


def test_basic_counts_percent_encoded_and_plain() -> None:
    """RFC 6749 §2.3.1 wants it encoded; the TypeScript SDK does not do it."""
    presented = parse_client(basic("a:%2Bx+y"), Parameters({}))

    assert presented.secrets == ("+x y", "%2Bx+y")


def test_basic_without_a_secret_is_a_public_client() -> None:
    """The Go SDK tries `id:` first."""
    assert parse_client(basic("a:"), Parameters({})).secrets == ()


@pytest.mark.requirement("F15")
@pytest.mark.parametrize(
    ("authorization", "form", "error"),
    [
        ([], {}, InvalidClient),
        (["Bearer x"], {"client_id": "a"}, InvalidClient),
        (["Basic !"], {"client_id": "a"}, InvalidClient),
        (["Basic /w=="], {"client_id": "a"}, InvalidClient),
        (basic("a"), {}, InvalidClient),
        (basic(":s"), {}, InvalidClient),
        (basic("a:s"), {"client_secret": "s"}, InvalidRequest),
        (basic("a:s"), {"client_id": "b"}, InvalidRequest),
        (basic("a:s") * 2, {}, InvalidRequest),
        ([], {"client_id": "a", "client_assertion": "x"}, InvalidClient),
    ],
)
def test_client_is_named_in_one_way_and_once(
    authorization: list[str], form: dict[str, str], error: type[GatewayError]
) -> None:
    with pytest.raises(error):
        parse_client(authorization, Parameters(form))
