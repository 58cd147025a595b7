"""The page between a form and another origin, which browsers would not let a form redirect to.

Browsers apply CSP `form-action` to every redirect that follows a form: so the answer to the form
is this page of the same origin, which goes on by itself.
"""

from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.foreign_text import isolated
from gateway.pages.page import Page, build_form_page


@dataclass(frozen=True, slots=True)
class ForwardView:
    """Where the browser goes on to; `client_name` is who waits there."""

    url: str
    client_name: str
    denied: bool = False


def forward_page(view: ForwardView, brand: Brand = UNBRANDED) -> Page:
    """A page that goes on to `url` at once, with a link for browsers that do not."""
    said = "Access was denied." if view.denied else "You are logged in."
    body = (
        f"<h1>{said}</h1>\n<p>Going back to {isolated(view.client_name)}. You can close this window"
        " when it says so.</p>"
    )
    return _going_on("Back to your client", body, view.url, brand)


def onward_page(url: str, brand: Brand = UNBRANDED) -> Page:
    """A page that goes on to where the person logs in."""
    host = isolated(urlsplit(url).hostname or "", 255)
    body = f"<h1>Log in</h1>\n<p>Going on to <strong>{host}</strong>, where you log in.</p>"
    return _going_on("Log in", body, url, brand)


def _going_on(title: str, body: str, url: str, brand: Brand) -> Page:
    escaped = escape(url)
    link = f'<p class="actions"><a class="button" href="{escaped}">Go on</a></p>'
    head = f'<meta http-equiv="refresh" content="0; url={escaped}">\n'
    return build_form_page(title, f"{body}\n{link}", brand, head=head)
