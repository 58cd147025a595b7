import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.authserver.flows.browser import Browsers
from gateway.errors import AccessDenied

SECURE = Browsers("https://mcp.example/gw")


@pytest.mark.requirement("49", "F17")
def test_cookie_of_https_has_the_prefix_that_no_other_host_can_set() -> None:
    response = web.Response()

    SECURE.remember(response, "b" * 22)

    cookie = response.cookies["__Host-mcpgw-browser"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["path"] == "/"
    assert not cookie["domain"]


@pytest.mark.requirement("F17")
@pytest.mark.parametrize(
    "cookie",
    [
        "mcpgw-browser=" + "b" * 22,
        "__Secure-mcpgw-browser=" + "b" * 22,
        "__Host-mcpgw-browser=short",
        "__Host-mcpgw-browser=" + "b" * 5000,
        "__Host-mcpgw-browser=" + "b" * 21 + "!",
        "",
    ],
)
def test_every_other_cookie_is_ignored(cookie: str) -> None:
    request = make_mocked_request("GET", "/", headers={"Cookie": cookie})

    assert SECURE.known(request) == ""
    assert len(SECURE.known_or_new(request)) == 22


def test_browser_keeps_the_id_that_it_has() -> None:
    headers = {"Cookie": "__Host-mcpgw-browser=" + "b" * 22}
    request = make_mocked_request("GET", "/", headers=headers)

    assert SECURE.known_or_new(request) == "b" * 22


def test_form_comes_from_the_origin_of_the_issuer() -> None:
    own = make_mocked_request("POST", "/", headers={"Origin": "https://mcp.example"})
    foreign = make_mocked_request("POST", "/", headers={"Origin": "https://mcp.example.evil"})

    SECURE.check_own_form(own)
    with pytest.raises(AccessDenied):
        SECURE.check_own_form(foreign)
