import pytest

from gateway.pages.colour import DARK, LIGHT, contrast, shades_of


def test_contrast_is_that_of_the_guidelines() -> None:
    """WCAG 2.2, relative luminance: black on white is 21."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ffcc00", "#0000ff", "#808080"])
def test_whatever_the_brand_can_be_read_in_both_schemes(colour: str) -> None:
    shades = shades_of(colour)

    assert contrast(shades.light, LIGHT) >= 4.5
    assert contrast(shades.dark, DARK) >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert shades_of("#2f5bea").light == "#2f5bea"
    assert shades_of("#8ab4ff").dark == "#8ab4ff"
