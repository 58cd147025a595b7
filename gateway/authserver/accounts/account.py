"""A local account: a person that the gateway itself knows. Pure."""

import unicodedata
from dataclasses import dataclass, field

MAX_NAME_CHARS = 128


@dataclass(frozen=True, slots=True)
class Account:
    """`name` is what the person types, `subject` what tokens say.

    `password_set_at` is in Unix seconds: whatever was granted before it was granted to who knew
    another password. None when the file does not say. `code_secret` is what the person's app makes
    codes of, sealed; None where no code is asked for.
    """

    name: str
    subject: str
    password_hash: str = field(repr=False)
    email: str | None = None
    display_name: str | None = None
    groups: tuple[str, ...] = ()
    disabled: bool = False
    password_set_at: float | None = None
    code_secret: str | None = field(default=None, repr=False)


def fold_name(name: str) -> str:
    """What names are compared by: phones begin with a capital, and look-alikes are one name."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def is_account_name(name: str) -> bool:
    """Whether a name can be typed, shown and logged."""
    return 0 < len(name) <= MAX_NAME_CHARS and name.isprintable() and name == name.strip()
