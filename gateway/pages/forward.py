"""The page between a form and the client, which browsers would not let a form redirect to.

Browsers apply CSP `form-action` to every redirect that follows a form: so the answer to the form
is this page of the same origin, which goes on by itself.
"""

from dataclasses import dataclass
from html import escape

from gateway.pages.page import build_form_page


@dataclass(frozen=True, slots=True)
class ForwardView:
    """Where the browser goes on to; `client_name` is who waits there."""

    url: str
    client_name: str
    denied: bool = False


def forward_page(view: ForwardView) -> str:
    """A page that goes on to `url` at once, with a link for browsers that do not."""
    said = "Access was denied." if view.denied else "You are logged in."
    url = escape(view.url)
    return build_form_page(
        "Back to your client",
        f"<h1>{said}</h1>\n<p>Going back to {escape(view.client_name)}. You may close this window"
        f' when it says so.</p>\n<p><a href="{url}">Go on</a></p>',
        head=f'<meta http-equiv="refresh" content="0; url={url}">\n',
    )
