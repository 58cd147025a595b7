"""E-mail addresses and their domains as rules compare them: RFC 5321 §2.3.11, RFC 5890 §2.3.2.1."""

import re
import string

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
# No lists, no names around it and no quotes: those hold another address, or only look like one.
_LOCAL_PART = re.compile(r"[^\x00-\x20\x7f-\xa0@,;:<>()\[\]\\\"]{1,64}")


def parse_domain(text: str) -> str:
    """The domain in A-labels and small letters. Raises ValueError.

    Only ASCII has letters that are the same in another case: elsewhere a lookalike would pass,
    such as the Kelvin sign for k, or `ß`, which folds to ss.
    """
    domain = text if text.isascii() else _to_ascii(text.translate(_LOWER))
    domain = domain.lower()
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"expected a domain such as example.com, got {text}")
    return domain


def parse_email(text: str) -> tuple[str, str]:
    """What stands before the one `@`, in small letters, and the domain. Raises ValueError."""
    local_part, _, domain = text.partition("@")
    if not _LOCAL_PART.fullmatch(local_part) or "@" in domain:
        raise ValueError(f"expected an address such as ada@example.com, got {text}")
    return local_part.translate(_LOWER), parse_domain(domain)


def check_domain(text: str) -> str:
    """Accept a domain, also with the `@` before it, and keep it as written. Raises ValueError."""
    parse_domain(text.removeprefix("@"))
    return text


def check_email(text: str) -> str:
    """Accept an address and keep it as written. Raises ValueError."""
    parse_email(text)
    return text


def _to_ascii(domain: str) -> str:
    # Loaded for the few that need it: 20 ms.
    import idna

    try:
        return idna.encode(domain, strict=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"expected a domain such as example.com, got {domain}") from error
