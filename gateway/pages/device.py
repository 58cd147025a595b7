"""Where a person types the code that a device without a browser shows: RFC 8628 §3.3."""

from dataclasses import dataclass
from html import escape

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.page import Page, build_form_page, hidden


@dataclass(frozen=True, slots=True)
class DeviceView:
    """What the page shows; `user_code` was in the link or typed before, `error` is what it lacked.

    `flow` goes back hidden: what ties the form to the browser, empty where nothing does yet.
    """

    action: str
    flow: str = ""
    user_code: str = ""
    error: str | None = None


def device_page(view: DeviceView, brand: Brand = UNBRANDED) -> Page:
    """A form that posts `user_code` and perhaps `flow` to `action`.

    A code in the link is shown to be compared, not taken: RFC 8628 §5.4.
    """
    error = (
        f'<p class="bad" role="alert" id="error">{escape(view.error)}</p>\n' if view.error else ""
    )
    described = "error hint" if view.error else "hint"
    return build_form_page(
        "Connect a device (failed)" if view.error else "Connect a device",
        "<h1>Connect a device</h1>\n"
        '<p id="hint">Type the code that your device or your terminal shows. Did somebody send you'
        " this page or the code? Then close it: they would get access in your name.</p>\n"
        f'{error}<form method="post" action="{escape(view.action)}">\n'
        f"{hidden('flow', view.flow) if view.flow else ''}"
        '<p><label for="user_code">Code</label>\n<input id="user_code" name="user_code" '
        'class="code" required autofocus autocomplete="off" autocapitalize="characters" '
        f'spellcheck="false" maxlength="32" aria-describedby="{described}" '
        f'value="{escape(view.user_code)}"></p>\n'
        '<div class="actions"><button class="main" type="submit">Go on</button></div>\n</form>',
        brand,
    )
