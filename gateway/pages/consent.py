"""Where a person decides whether a client may act in their name."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from gateway.pages.page import build_form_page


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What the page shows; `flow` goes back hidden.

    `verified_host` served the client's own document, None where nobody vouches for its name.
    `is_configured` is True for a client that the operator wrote down. `redirect_host` is where
    the code will be sent; `is_loopback` when that is a program on some machine. `scopes` are in
    words where there are any.
    """

    action: str
    flow: str
    client_name: str
    verified_host: str | None
    is_configured: bool
    redirect_host: str
    is_loopback: bool
    server_title: str
    resource: str
    scopes: Sequence[str]


def consent_page(view: ConsentView) -> str:
    """A form that posts `flow` and `decision` (`approve` or `deny`) to `action`."""
    scopes = "".join(f"<li>{escape(each)}</li>" for each in view.scopes) or "<li>use it</li>"
    warning = (
        "<p>This is a program on a computer: go on only if you started it yourself just now.</p>\n"
        if view.is_loopback
        else ""
    )
    return build_form_page(
        "Allow access?",
        f"<h1>Allow {_who(view)} to use {escape(view.server_title)}?</h1>\n"
        f"<p>Server: <code>{escape(view.resource)}</code></p>\n"
        f"<p>The answer goes to <strong>{escape(view.redirect_host)}</strong>.</p>\n{warning}"
        f"<p>It will be able to:</p>\n<ul>{scopes}</ul>\n"
        f'<form method="post" action="{escape(view.action)}">\n'
        f'<input type="hidden" name="flow" value="{escape(view.flow)}">\n'
        '<p><button name="decision" value="deny">Deny</button>\n'
        '<button name="decision" value="approve">Allow</button></p>\n</form>',
    )


def _who(view: ConsentView) -> str:
    name = escape(view.client_name)
    if view.verified_host is not None:
        return f"<strong>{escape(view.verified_host)}</strong> (“{name}”)"
    return f"“{name}”" if view.is_configured else f"an unverified client (“{name}”)"
