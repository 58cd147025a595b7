"""The words of DPoP: RFC 9449; the doctests have its own examples."""

import doctest

import pytest

from gateway.oauth import dpop
from gateway.oauth.dpop import ALGORITHMS, normal_htu


def test_the_examples_hold() -> None:
    assert doctest.testmod(dpop).failed == 0
    assert doctest.testmod(dpop).attempted == 2


@pytest.mark.requirement("154", "155")
@pytest.mark.parametrize(
    "url",
    [
        "https://mcp.example/mcp",
        "HTTPS://MCP.EXAMPLE/mcp",
        "https://mcp.example:443/mcp",
        "https://mcp.example/mcp?a=1#b",
    ],
)
def test_spellings_of_one_url_are_one(url: str) -> None:
    assert normal_htu(url) == "https://mcp.example/mcp"


@pytest.mark.parametrize(
    "url",
    ["https://mcp.example/MCP", "http://mcp.example/mcp", "https://mcp.example:8443/mcp"],
)
def test_other_urls_stay_others(url: str) -> None:
    assert normal_htu(url) != "https://mcp.example/mcp"


@pytest.mark.parametrize(
    "url", ["", "mcp", "ftp://a/b", "https://", "https://a@b/", "https://a:x/"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normal_htu(url)


def test_nothing_symmetric_signs_a_proof() -> None:
    assert not [name for name in ALGORITHMS if name.startswith("HS") or name == "none"]
