import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.flows.way_back import WayBack
from gateway.errors import AccessDenied, InvalidRequest

ISSUER = "https://mcp.example"


@pytest.mark.requirement("89")
def test_answer_carries_state_and_issuer() -> None:
    way = WayBack(Client("c", "registered"), "https://a.example/cb?x=1", "s t", ISSUER)

    assert way.success("c") == (
        "https://a.example/cb?x=1&code=c&state=s+t&iss=https%3A%2F%2Fmcp.example"
    )
    assert "error=invalid_request&error_description=bad" in way.failure(InvalidRequest("bad"))
    assert "error=access_denied" in way.failure(AccessDenied("no", reason="x"))


@pytest.mark.requirement("60", "F14")
@pytest.mark.parametrize(
    ("client", "uri", "trusted"),
    [
        (Client("c", "registered"), "https://a.example/cb", False),
        (Client("c", "registered"), "cursor://a/cb", False),
        (Client("c", "registered"), "http://localhost:1/cb", True),
        (Client("c", "configured"), "https://a.example/cb", True),
        (
            Client("c", "metadata_document", verified_host="a.example"),
            "https://a.example/cb",
            False,
        ),
        (Client("c", "metadata_document", verified_host="a.example"), "https://b.example/", False),
    ],
)
def test_place_is_trusted_when_somebody_vouches_for_it(
    client: Client, uri: str, trusted: bool
) -> None:
    assert WayBack(client, uri, None, ISSUER).is_trusted is trusted
