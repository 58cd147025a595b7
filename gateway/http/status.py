"""What statuses mean as numbers: RFC 9110 §15. Pure."""

from typing import Final

FIRST_REDIRECT: Final = 300
FIRST_ERROR: Final = 400
LAST: Final = 599  # three digits, but nothing above is defined
BODILESS: Final = frozenset({204, 304})  # RFC 9110 §6.4.1
