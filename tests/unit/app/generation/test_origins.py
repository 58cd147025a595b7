"""Which servers share a host."""

import pytest

from gateway.app.generation.origins import origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://mcp.example.com/mcp?x", "https://mcp.example.com"),
        ("http://[::1]:8080/mcp", "http://[::1]:8080"),
    ],
)
def test_the_origin_of_a_url_is_its_scheme_and_authority(url: str, origin: str) -> None:
    assert origin_of(url) == origin
