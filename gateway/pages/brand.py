"""Whose gateway it is, as every page shows it."""

import base64
import re
from dataclasses import dataclass
from html import escape

from gateway.pages.colour import shades_of

_URL = re.compile(r"https?://\S+")
MAX_LOGO_BYTES = 64 * 1024  # it is in every page
_PICTURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    # In an `img` element nothing in it runs or is fetched.
    (re.compile(rb"\s*<(?:svg|\?xml|!--)[\s\S]*</svg>\s*\Z"), "image/svg+xml"),
)
_MAIL = re.compile(r"[^\s@:/?#]+@[^\s@:/?#]+")


@dataclass(frozen=True, slots=True)
class Brand:
    """A name, a picture, a colour and whom to ask.

    `logo` is a `data:` URL, `colour` a `#rrggbb`; `contact` an e-mail address, a URL or words.
    """

    name: str = ""
    logo: str | None = None
    colour: str = "#2f5bea"
    contact: str | None = None


UNBRANDED = Brand()


def logo_url(content: bytes) -> str:
    """A picture as a `data:` URL, by what it is. Raises ValueError for anything else.

    >>> logo_url(b"<svg/></svg>")
    'data:image/svg+xml;base64,PHN2Zy8+PC9zdmc+'
    """
    if len(content) > MAX_LOGO_BYTES:
        raise ValueError(f"a logo has at most {MAX_LOGO_BYTES} bytes")
    media = next((media for form, media in _PICTURES if form.match(content)), None)
    if media is None:
        raise ValueError("expected a PNG, JPEG, WebP or SVG picture")
    return f"data:{media};base64,{base64.b64encode(content).decode()}"


def brand_style(brand: Brand) -> str:
    """The brand's colour for both schemes, as CSS that begins a page's style."""
    light, dark = shades_of(brand.colour)
    return (
        f":root{{--accent:{light}}}@media (prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}"
    )


def brand_header(brand: Brand) -> str:
    """The line above the card; empty without a name and a logo."""
    # The name stands beside the picture, which so says nothing of its own.
    picture = f'<img src="{escape(brand.logo)}" alt="" height="32">' if brand.logo else ""
    name = f"<span>{escape(brand.name)}</span>" if brand.name else ""
    return f"<header>{picture}{name}</header>\n" if picture or name else ""


def brand_footer(brand: Brand) -> str:
    """Whom to ask, and what made the page."""
    contact = f"Questions? {_contact(brand.contact)}. " if brand.contact else ""
    return f"<footer>{contact}Served by the MCP auth gateway.</footer>"


def _contact(contact: str) -> str:
    shown = escape(contact)
    if _URL.fullmatch(contact):
        return f'<a href="{shown}">{shown}</a>'
    return f'<a href="mailto:{shown}">{shown}</a>' if _MAIL.fullmatch(contact) else shown
