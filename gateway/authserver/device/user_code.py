"""The code that a person reads on one machine and types on another: RFC 8628 §6.1. Pure."""

from collections.abc import Callable

# Without vowels, so that no word appears, and without letters that look like others.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8  # 20^8: 34 bits, for ten minutes and under a limit of tries
_HALF = LENGTH // 2


def make_user_code(choose: Callable[[str], str]) -> str:
    """A new one; `choose` takes a letter at random."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def show_user_code(code: str) -> str:
    """As it is shown.

    >>> show_user_code("WDJBMJHT")
    'WDJB-MJHT'
    """
    return f"{code[:_HALF]}-{code[_HALF:]}"


def parse_user_code(typed: str) -> str | None:
    """The code that was meant, whatever its case and punctuation; None for what is none."""
    letters = "".join(each for each in typed.upper() if each.isalnum())
    is_code = len(letters) == LENGTH and set(letters) <= set(ALPHABET)
    return letters if is_code else None
