import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.authserver.login.provider.state import MAX_COOKIE_CHARS, MAX_STATE_CHARS, ProviderState
from gateway.errors import InvalidRequest

HTTPS = ProviderState("https://mcp.example/authorize/callback")


def test_short_flow_is_the_state() -> None:
    assert HTTPS.send("x" * MAX_STATE_CHARS) == ("x" * MAX_STATE_CHARS, None)


def test_long_flow_is_in_a_cookie_that_no_neighbour_can_set() -> None:
    state, cookie = HTTPS.send("x" * (MAX_STATE_CHARS + 1))

    assert len(state) == 22
    assert cookie == f"__Host-mcpgw-flow-{state}"


def test_flow_that_no_browser_would_keep_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        HTTPS.send("x" * (MAX_COOKIE_CHARS + 1))


@pytest.mark.requirement("F6")
@pytest.mark.parametrize("query", ["", "?state=", "?state=a&state=b", "?state=" + "A" * 22])
def test_response_without_one_state_of_ours_belongs_to_no_flow(query: str) -> None:
    assert HTTPS.receive(make_mocked_request("GET", f"/authorize/callback{query}")) == ""
