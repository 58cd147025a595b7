"""The operator's brand: from its configuration and the file of its logo to what pages take."""

from pathlib import Path

from gateway.config.model import Brand as Settings
from gateway.pages.brand import MAX_LOGO_BYTES, Brand, logo_url


def build_brand(settings: Settings) -> Brand:
    """A logo that cannot be used is left out: a start says so, and nobody is kept from logging in.

    >>> build_brand(Settings(name="Acme")).name
    'Acme'
    """
    try:
        logo = None if settings.logo_file is None else read_logo(settings.logo_file)
    except (OSError, ValueError):
        logo = None
    return Brand(settings.name or "", logo, settings.colour, settings.contact)


def read_logo(file: Path) -> str:
    """The picture as a URL that pages hold. Raises OSError, and ValueError for what is none."""
    with file.open("rb") as opened:
        content = opened.read(MAX_LOGO_BYTES + 1)
    try:
        return logo_url(content)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
