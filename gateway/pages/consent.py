"""Where a person decides whether a client may act in their name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.foreign_text import isolated, look_alikes, visible
from gateway.pages.page import Page, build_form_page, hidden

REMEMBER = "remember"
_DAY_S = 86400
_WHY = (
    '<details class="why">\n<summary>Why am I seeing this?</summary>\n'
    "<p>A program asked to use this server in your name. Nobody can do that without your word,"
    " and whoever you allow can do all that is listed here until it is revoked. If you did not"
    " start this yourself just now, choose Deny: nothing happens then.</p>\n</details>"
)


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What the page shows; `flow` goes back hidden.

    `verified_host` served the client's own document, None where nobody vouches for its name.
    `is_configured` is True for a client that the operator wrote down. `redirect_host` is where
    the code will be sent; `is_loopback` when that is a program on some machine.
    `scope_descriptions` are the operator's words for what scopes allow. `user_code` is what the
    device shows that asks, and that gets no redirect: RFC 8628. `remember_s`
    is for how long the answer may stand in this browser, None asks each time.
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
    scope_descriptions: Mapping[str, str] = field(default_factory=dict)
    user_code: str | None = None
    remember_s: float | None = None


def consent_page(view: ConsentView, brand: Brand = UNBRANDED) -> Page:
    """A form that posts `flow` and `decision` (`approve` or `deny`) to `action`."""
    scopes = "".join(_scope(each, view) for each in view.scopes) or "<li>Use this server</li>"
    return build_form_page(
        "Allow access?",
        f"<h1>Allow {_who(view)} to use <bdi>{escape(view.server_title)}</bdi>?</h1>\n"
        f"<dl>\n{_client(view)}{_place(view)}"
        f"<div><dt>Server</dt><dd><bdi>{escape(view.server_title)}</bdi><br>"
        f"<code>{escape(view.resource)}</code></dd></div>\n</dl>\n{_warning(view)}"
        f"<h2>It will be able to</h2>\n<ul>{scopes}</ul>\n"
        f'<form method="post" action="{escape(view.action)}">\n{hidden("flow", view.flow)}'
        + _remember(view)
        +
        # Of equal weight: no answer is the one to press without reading.
        '<div class="actions"><button name="decision" value="deny">Deny</button>\n'
        '<button name="decision" value="approve">Allow</button></div>\n</form>\n' + _WHY,
        brand,
    )


def _who(view: ConsentView) -> str:
    """The name that somebody vouches for; of others none, or the name would be the headline."""
    if view.verified_host is not None:
        return f"<strong>{isolated(view.verified_host, 255)}</strong>"
    return isolated(view.client_name) if view.is_configured else "an unverified client"


def _client(view: ConsentView) -> str:
    if view.is_configured:
        return ""
    name, told = isolated(view.client_name), _alphabets(view.client_name)
    if view.verified_host is not None:
        return _row("Client", f"<strong>{isolated(view.verified_host, 255)}</strong>, "
                    f"calls itself “{name}”{told}")  # fmt: skip
    return _row("Client", f'<span class="tag">unverified</span> calls itself “{name}”{told}')


def _alphabets(name: str) -> str:
    found = look_alikes(visible(name))
    words = f"Has {found} letters, which can look like others." if found else ""
    return f'<br><span class="soft">{words}</span>' if words else ""


def _place(view: ConsentView) -> str:
    if view.user_code is not None:
        code = f'<strong class="code">{escape(view.user_code)}</strong>'
        return _row("Access goes to", f"the device that shows {code}")
    return _row("Access goes to", f"<strong>{isolated(view.redirect_host, 255)}</strong>")


def _warning(view: ConsentView) -> str:
    words = ""
    if view.user_code is not None:
        words = (
            "<strong>Go on only if you see this code on a device of yours.</strong> Somebody who"
            " sent you the code would get the access."
        )
    elif view.is_loopback:
        words = (
            f"<strong>{isolated(view.redirect_host, 255)} is a program on this computer.</strong>"
            " Nobody can check which one. Go on only if you started it yourself just now."
        )
    return f'<p class="note">{words}</p>\n' if words else ""


def _remember(view: ConsentView) -> str:
    """Not checked: whoever does not read it is asked again."""
    if view.remember_s is None:
        return ""
    days = max(1, round(view.remember_s / _DAY_S))
    time = "a day" if days == 1 else f"{days} days"
    return (
        f'<p class="choice"><input type="checkbox" id="{REMEMBER}" name="{REMEMBER}" value="yes">'
        f'<label for="{REMEMBER}">Do not ask me again in this browser for {time}</label></p>\n'
    )


def _scope(scope: str, view: ConsentView) -> str:
    words = view.scope_descriptions.get(scope)
    code = f"<code>{escape(scope)}</code>"
    return f"<li>{code}</li>" if words is None else f"<li>{escape(words)} ({code})</li>"


def _row(term: str, content: str) -> str:
    return f"<div><dt>{term}</dt><dd>{content}</dd></div>\n"
