"""The endpoint of a legacy stream opens for its server, its caller, its method and its time."""

import pytest

from gateway.errors import UnknownSession
from gateway.identity.principal import Principal
from gateway.proxy.outgoing.legacy_endpoint import LegacyEndpoints
from gateway.sealing.seal import Seal

ADA = Principal("https://idp.example", "ada")
EVE = Principal("https://idp.example", "eve")
SEAL = Seal(b"k" * 32)
NOW = 1_800_000_000.0


def endpoints(server: str = "files", now: float = NOW) -> LegacyEndpoints:
    return LegacyEndpoints(server, SEAL, 60.0, lambda: now)


def test_it_leads_back_to_the_target() -> None:
    query = endpoints().query("/messages?id=1", ADA)

    assert endpoints(now=NOW + 59).target("POST", query, ADA) == b"/messages?id=1"
    assert "messages" not in query


@pytest.mark.parametrize("query", ["", "x=1", "x=1&mcpgw_endpoint=a"])
def test_another_query_stands_for_no_target(query: str) -> None:
    assert endpoints().target("POST", query, ADA) is None


@pytest.mark.requirement("A4")
@pytest.mark.parametrize(
    ("there", "method", "principal"),
    [
        (endpoints("mail"), "POST", ADA),
        (endpoints(now=NOW + 60), "POST", ADA),
        (endpoints(), "GET", ADA),
        (endpoints(), "DELETE", ADA),
        (endpoints(), "POST", EVE),
        (endpoints(), "POST", None),
    ],
)
def test_it_opens_nowhere_else(
    there: LegacyEndpoints, method: str, principal: Principal | None
) -> None:
    query = endpoints().query("/messages?id=1", ADA)

    with pytest.raises(UnknownSession):
        there.target(method, query, principal)
