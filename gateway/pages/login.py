"""Where a person with a local account logs in."""

from dataclasses import dataclass
from html import escape

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.foreign_text import isolated
from gateway.pages.page import Page, build_form_page, hidden


@dataclass(frozen=True, slots=True)
class LoginView:
    """What the page shows; `flow` goes back hidden, `error` says why the last try failed.

    `asks_for_code` where accounts may have one-time codes.
    """

    action: str
    flow: str
    client_name: str
    server_title: str
    login_hint: str = ""
    error: str | None = None
    asks_for_code: bool = False


def login_page(view: LoginView, brand: Brand = UNBRANDED) -> Page:
    """A form that posts `flow`, `name`, `password` and perhaps `code` to `action`."""
    described = ' aria-describedby="error"' if view.error else ""
    # The first field that is still to be filled in: a hint or a failed try has left the name.
    name, password = ("", " autofocus") if view.login_hint else (" autofocus", "")
    return build_form_page(
        "Log in (failed)" if view.error else "Log in",
        f"<h1>Log in to <bdi>{escape(view.server_title)}</bdi></h1>\n"
        f"<p>{isolated(view.client_name)} will act in your name there.</p>\n{_error(view.error)}"
        f'<form method="post" action="{escape(view.action)}">\n{hidden("flow", view.flow)}'
        '<p><label for="name">Name</label>\n<input id="name" name="name" required '
        'autocomplete="username" autocapitalize="none" spellcheck="false" '
        f'value="{escape(view.login_hint)}"{name}{described}></p>\n'
        '<p><label for="password">Password</label>\n<input id="password" name="password" '
        f'type="password" required autocomplete="current-password"{password}{described}></p>\n'
        f"{_code() if view.asks_for_code else ''}"
        '<div class="actions"><button class="main" type="submit">Log in</button></div>\n</form>',
        brand,
    )


def _error(error: str | None) -> str:
    return f'<p class="bad" role="alert" id="error">{escape(error)}</p>\n' if error else ""


def _code() -> str:
    return (
        '<p><label for="code">One-time code</label>\n<input id="code" name="code" class="code" '
        'inputmode="numeric" autocomplete="one-time-code" maxlength="12" '
        'aria-describedby="code-hint">\n'
        '<span class="soft" id="code-hint">From your authenticator app, if your account has one.'
        "</span></p>\n"
    )
