"""What a person sees when a login cannot go on."""

from dataclasses import dataclass
from html import escape

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.foreign_text import isolated
from gateway.pages.page import Page, build_form_page


@dataclass(frozen=True, slots=True)
class ErrorView:
    """What happened and what to do about it, in fixed words: nothing of the request's own.

    `request_id` finds the line in the log. `back_url` leads to the client, None where it is not
    known to be the client's; `back_host` is the name of that place.
    """

    title: str
    what_to_do: str
    request_id: str
    back_url: str | None = None
    back_host: str = ""


def error_page(view: ErrorView, brand: Brand = UNBRANDED) -> Page:
    """Say it, without a form."""
    back = ""
    if view.back_url is not None:
        place = isolated(view.back_host, 255)
        back = (
            f'<p class="actions"><a class="button" href="{escape(view.back_url)}">'
            f"Tell {place}</a></p>\n"
        )
    return build_form_page(
        view.title,
        f"<h1>{escape(view.title)}</h1>\n<p>{escape(view.what_to_do)}</p>\n{back}"
        '<p class="soft">If you ask for help, name this request: '
        f"<code>{escape(view.request_id)}</code></p>",
        brand,
    )
