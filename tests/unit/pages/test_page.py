"""The frame of every page."""

import base64
import hashlib
import re

from gateway.pages.page import block, build_page


def test_the_policy_allows_exactly_the_style_that_is_in_the_page() -> None:
    page = build_page("x", "")

    style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.content_security_policy
    assert "default-src 'none'" in page.content_security_policy
    assert "<script" not in page.html


def test_title_and_blocks_are_escaped() -> None:
    page = build_page("<b>&", block('<script>"'))

    assert "<title>&lt;b&gt;&amp;</title>" in page.html
    assert "&lt;script&gt;" in page.html
