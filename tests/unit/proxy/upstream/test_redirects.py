"""Redirects that the gateway follows: `test_forward.py` and `test_upstream_urls.py` send them."""

import pytest

from gateway.proxy.upstream.redirects import in_circles, told_origin


@pytest.mark.requirement("B8")
def test_of_a_url_only_the_origin_is_told() -> None:
    assert told_origin("https://ada:pw@other.example/cb?code=s3cret") == "https://other.example"
    assert told_origin("") == "no place"
    assert in_circles().seen == "4 redirects"
