from dataclasses import replace

import pytest

from gateway.pages.brand import (
    MAX_LOGO_BYTES,
    UNBRANDED,
    Brand,
    brand_footer,
    brand_header,
    brand_style,
    logo_url,
)
from tests.support.page_samples import ACME, HOSTILE


def test_the_header_has_what_there_is() -> None:
    assert brand_header(UNBRANDED) == ""
    assert brand_header(Brand("A & B")) == "<header><span>A &amp; B</span></header>\n"
    assert "<span>" not in brand_header(replace(ACME, name=""))


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("help@acme.example", '<a href="mailto:help@acme.example">help@acme.example</a>'),
        ("https://acme.example/?a=1&b", '<a href="https://acme.example/?a=1&amp;b">'),
        ("room <12>", "Questions? room &lt;12&gt;."),
        ("javascript:alert(1)@x", "Questions? javascript:alert(1)@x."),
    ],
)
def test_the_footer_says_whom_to_ask(contact: str, shown: str) -> None:
    assert shown in brand_footer(Brand(contact=contact))


def test_without_a_contact_nobody_is_to_be_asked() -> None:
    assert "Questions" not in brand_footer(UNBRANDED)


def test_the_style_has_the_colour_for_both_schemes() -> None:
    style = brand_style(Brand(colour="#0a7d55"))

    assert style.startswith(":root{--accent:#0a7d55}")
    assert "@media (prefers-color-scheme:dark){:root{--accent:#" in style


def test_a_brand_is_escaped() -> None:
    assert "<script" not in brand_header(Brand(HOSTILE, HOSTILE))
    assert "<script" not in brand_footer(Brand(contact=HOSTILE))


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff...", "image/jpeg"),
        (b"RIFF\n\x00\x00\x00WEBPVP8", "image/webp"),
        (b'<?xml version="1.0"?>\n<svg></svg>\n', "image/svg+xml"),
        (b"<!-- a drawing --><svg></svg>", "image/svg+xml"),
        (b"  <svg></svg>", "image/svg+xml"),
    ],
)
def test_a_logo_is_known_by_what_it_begins_with(content: bytes, media: str) -> None:
    assert logo_url(content).startswith(f"data:{media};base64,")


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<html><svg></svg></html>", b"svg"])
def test_what_is_no_picture_is_no_logo(content: bytes) -> None:
    with pytest.raises(ValueError, match="expected a PNG, JPEG, WebP or SVG picture"):
        logo_url(content)


def test_a_large_picture_would_be_in_every_page() -> None:
    with pytest.raises(ValueError, match="at most 65536 bytes"):
        logo_url(b"\x89PNG\r\n\x1a\n" + b"x" * MAX_LOGO_BYTES)
