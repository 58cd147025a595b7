"""What a person sees at the end of a login that leads to no other page."""

from dataclasses import dataclass

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.foreign_text import isolated
from gateway.pages.page import Page, build_form_page


@dataclass(frozen=True, slots=True)
class SuccessView:
    """Who has the access now, or was denied it."""

    client_name: str
    denied: bool = False


def success_page(view: SuccessView, brand: Brand = UNBRANDED) -> Page:
    """Say it, and that there is nothing left to do here."""
    name = isolated(view.client_name)
    if view.denied:
        title, said = "Denied", f"{name} gets no access."
    else:
        title, said = "Done", f"{name} may now act in your name. It goes on by itself."
    return build_form_page(
        title, f"<h1>{title}</h1>\n<p>{said}</p>\n<p>You can close this window.</p>", brand
    )
