from pathlib import Path

import pytest

from gateway.app.brand import build_brand, read_logo
from gateway.config.model import Brand as Settings
from gateway.pages.brand import UNBRANDED

SVG = b"<svg></svg>"


def test_nothing_configured_is_a_plain_page() -> None:
    assert build_brand(Settings()) == UNBRANDED


def test_what_is_configured_is_what_pages_take(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(SVG)
    settings = Settings(
        name="Acme", logo_file=tmp_path / "logo.svg", colour="#0A7D55", contact="help@acme.example"
    )

    brand = build_brand(settings)

    assert (brand.name, brand.colour, brand.contact) == ("Acme", "#0a7d55", "help@acme.example")
    assert brand.logo == read_logo(tmp_path / "logo.svg")


@pytest.mark.parametrize("content", [None, b"text"])
def test_a_logo_that_cannot_be_used_keeps_nobody_from_logging_in(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "logo").write_bytes(content)

    assert build_brand(Settings(name="Acme", logo_file=tmp_path / "logo")).logo is None


def test_a_bad_logo_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "logo").write_bytes(b"text")

    with pytest.raises(ValueError, match="logo: expected a PNG"):
        read_logo(tmp_path / "logo")
