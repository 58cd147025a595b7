"""The frame of every page, and the policy that lets it do nothing but be read and sent."""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from gateway.pages.brand import UNBRANDED, Brand, brand_footer, brand_header, brand_style
from gateway.pages.style import STYLE


@dataclass(frozen=True, slots=True)
class Page:
    """A whole HTML document and the Content-Security-Policy that it needs."""

    html: str
    content_security_policy: str


def build_page(title: str, body: str, brand: Brand = UNBRANDED) -> Page:
    """Put a body of safe HTML into the frame; `title` is plain text."""
    return Page(_document(title, body, "", brand, "wide"), _policy(brand))


def build_form_page(title: str, body: str, brand: Brand = UNBRANDED, *, head: str = "") -> Page:
    """The same for a step of a login, whose forms go to the gateway itself.

    `head` is further HTML of the head.
    """
    policy = _policy(brand).replace("form-action 'none'", "form-action 'self'")
    return Page(_document(title, body, head, brand, "step"), policy)


def block(text: str, label: str = "To copy") -> str:
    """Show text to copy: one click selects all of it; `label` is what a screen reader calls it."""
    return f'<pre role="group" aria-label="{escape(label)}"><code>{escape(text)}</code></pre>'


def hidden(name: str, value: str) -> str:
    """A value that goes back with a form."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'


def _document(title: str, body: str, head: str, brand: Brand, kind: str) -> str:
    whose = f"{title} · {brand.name}" if brand.name else title
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"{head}<title>{escape(whose)}</title>\n<style>{_style(brand)}</style>\n</head>\n"
        f'<body class="{kind}">\n{brand_header(brand)}<main>\n{body}\n</main>\n'
        f"{brand_footer(brand)}\n</body>\n</html>\n"
    )


# A gateway has one brand; its style and policy are made once.
@lru_cache(maxsize=8)
def _style(brand: Brand) -> str:
    return brand_style(brand) + STYLE


@lru_cache(maxsize=8)
def _policy(brand: Brand) -> str:
    digest = base64.b64encode(hashlib.sha256(_style(brand).encode()).digest()).decode()
    pictures = " img-src data:;" if brand.logo else ""
    return (
        f"default-src 'none'; style-src 'sha256-{digest}';{pictures} base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
