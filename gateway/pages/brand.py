"""Whose gateway it is, as every page shows it."""

import re
from dataclasses import dataclass
from html import escape

from gateway.pages.colour import shades_of

COLOUR = re.compile(r"#[0-9a-f]{6}")
DEFAULT_COLOUR = "#2f5bea"
_URL = re.compile(r"https?://\S+")
_MAIL = re.compile(r"[^\s@:/?#]+@[^\s@:/?#]+")


@dataclass(frozen=True, slots=True)
class Brand:
    """A name, a picture, a colour and whom to ask.

    `logo` is a `data:` URL, `colour` a `#rrggbb`; `contact` an e-mail address, a URL or words.
    """

    name: str = ""
    logo: str | None = None
    colour: str = DEFAULT_COLOUR
    contact: str | None = None


UNBRANDED = Brand()


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
