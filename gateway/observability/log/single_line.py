"""Keeping what others wrote on one line and harmless for a terminal (attack O5)."""

import re

# C0 and C1 controls, line and paragraph separators, what reorders or hides text (UTR #36),
# and lone surrogates, which no stream can encode.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def single_line(text: str) -> str:
    r"""Write every character that could break a line or drive a terminal as an escape.

    >>> single_line("a\nb")
    'a\\nb'
    """
    return _UNSAFE.sub(lambda match: repr(match[0])[1:-1], text)
