"""A brand's colour, made readable on light and dark pages: WCAG 2.2, relative luminance."""

from typing import NamedTuple

_LEAST_CONTRAST = 4.5  # WCAG 2.2 §1.4.3, for text of any size
_STEPS = 20
LIGHT, DARK = "#ffffff", "#16181d"


class Shades(NamedTuple):
    """One colour for each scheme, as text on the page or behind text of the page's own colour."""

    light: str
    dark: str


def shades_of(colour: str) -> Shades:
    """The nearest shades of `#rrggbb` that can be read.

    >>> shades_of("#ffcc00")
    Shades(light='#876c00', dark='#ffcc00')
    """
    return Shades(_toward("#000000", colour, LIGHT), _toward("#ffffff", colour, DARK))


def contrast(one: str, other: str) -> float:
    """How far apart two colours are, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _toward(end: str, colour: str, background: str) -> str:
    mixed = (_mix(colour, end, step / _STEPS) for step in range(_STEPS + 1))
    return next(each for each in mixed if contrast(each, background) >= _LEAST_CONTRAST)


def _mix(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    # The sRGB curve: straight near black.
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
