"""Where a person with a local account logs in."""

from dataclasses import dataclass
from html import escape

from gateway.pages.page import build_form_page


@dataclass(frozen=True, slots=True)
class LoginView:
    """What the page shows; `flow` goes back hidden, `error` says why the last try failed."""

    action: str
    flow: str
    client_name: str
    server_title: str
    login_hint: str = ""
    error: str | None = None


def login_page(view: LoginView) -> str:
    """A form that posts `flow`, `name` and `password` to `action`."""
    error = f'<p role="alert">{escape(view.error)}</p>\n' if view.error else ""
    return build_form_page(
        "Log in",
        f"<h1>Log in to {escape(view.server_title)}</h1>\n"
        f"<p>{escape(view.client_name)} will act in your name.</p>\n{error}"
        f'<form method="post" action="{escape(view.action)}">\n'
        f'<input type="hidden" name="flow" value="{escape(view.flow)}">\n'
        '<p><label for="name">Name</label><br>\n<input id="name" name="name" required '
        f'autocomplete="username" autocapitalize="none" value="{escape(view.login_hint)}"></p>\n'
        '<p><label for="password">Password</label><br>\n<input id="password" name="password" '
        'type="password" required autocomplete="current-password"></p>\n'
        '<p><button type="submit">Log in</button></p>\n</form>',
    )
