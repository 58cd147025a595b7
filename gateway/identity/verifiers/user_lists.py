"""Lists about a caller that a provider gives out page by page."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from gateway.config.issuer import Lookup
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.provider.token_answer import parse_error
from gateway.identity.token.lists import parse_list

MAX_PAGES = 10
# RFC 8288 §3: a target, then what belongs to it up to a comma outside of quotes.
_LINK = re.compile(r'<([^<>]*)>((?:[^",<]|"[^"]*")*)')
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("[^"]*"|[^\s;"]*)')
# The caller's token may not ask this, so nobody knows the answer.
_NOT_TOLD = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


async def read_all(
    lookup: Lookup, provider: Provider, headers: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Every member of the list; None when it cannot be known whole, which is not "none".

    Raises `IdentityUnavailable` when the provider does not answer as it must.
    """
    url = lookup.url
    found: list[str] = []
    for _ in range(MAX_PAGES):
        answer = await provider.ask(
            Question(Call(url, headers=headers), _is_expected, _sample(lookup))
        )
        if answer.status in _NOT_TOLD:
            return None
        if answer.status != HTTPStatus.OK:
            raise provider.unusable(f"lookup: {parse_error(answer)}")
        found += parse_list(answer.document, lookup.items, lookup.each)
        following = _next_page(answer.headers)
        if following is None:
            return tuple(dict.fromkeys(found))
        page = _at_same_origin(url, following)
        if page is None:
            return None
        url = page
    return None


def _sample(lookup: Lookup) -> Sample:
    headers = {"Authorization": f"Bearer {SAMPLE_TOKEN}"}
    return Sample(lambda: Call(lookup.url, headers=headers), _refuses_strangers)


def _is_expected(answer: Answer) -> bool:
    return answer.status == HTTPStatus.OK or answer.status in _NOT_TOLD


def _refuses_strangers(answer: Answer) -> bool:
    return answer.status == HTTPStatus.UNAUTHORIZED or _is_expected(answer)


def _next_page(headers: Mapping[str, str]) -> str | None:
    # Each Link field counts; a mapping of headers gives out only the first by its name.
    fields = (value for name, value in headers.items() if name.lower() == "link")
    links = (link for field in fields for link in _LINK.finditer(field))
    return next((link[1] for link in links if "next" in _relations(link[2])), None)


def _relations(parameters: str) -> list[str]:
    named = (match for match in _PARAMETER.finditer(parameters) if match[1].lower() == "rel")
    first = next(named, None)  # RFC 8288 §3.3: later ones are ignored
    return first[2].strip('"').lower().split() if first else []


def _at_same_origin(url: str, following: str) -> str | None:
    # The caller's token goes along: anywhere else, somebody could collect tokens.
    try:
        page = urljoin(url, following)
        return page if urlsplit(page)[:2] == urlsplit(url)[:2] else None
    except ValueError:  # no URL at all
        return None
