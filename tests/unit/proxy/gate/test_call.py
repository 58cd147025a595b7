"""A request as its head tells it."""

from typing import Any

from gateway.identity.principal import Principal
from gateway.mcp.operation import Operation
from gateway.oauth.bearer import Credentials
from gateway.proxy.gate.call import Asked, Call
from gateway.proxy.limits.caller import CallerAtAddress
from tests.support.heads import head

ROUTE: Any = None
ADA = Principal("https://idp.example.com", "ada")


def test_a_call_has_the_token_of_its_credentials() -> None:
    bearer = Credentials("Bearer", "abc")

    assert Call(ROUTE, head(), "192.0.2.1", (), bearer, None).token == bearer.token
    assert Call(ROUTE, head(), "192.0.2.1", (), None, None).token is None


def test_what_is_asked_has_the_caller_and_the_token() -> None:
    call = Call(ROUTE, head(), "192.0.2.1", (), Credentials("Bearer", "abc"), None)

    asked = Asked(call, CallerAtAddress(ADA, "192.0.2.1"), Operation(), b"")

    assert (asked.principal, asked.token) == (ADA, call.token)


def test_equal_calls_are_not_the_same() -> None:
    """What is remembered of one must never be taken for the other's."""
    one = Call(ROUTE, head(), "192.0.2.1", (), None, None)
    other = Call(ROUTE, head(), "192.0.2.1", (), None, None)

    assert one != other
