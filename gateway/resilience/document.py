"""A JSON document that was got from somewhere, and what it means not to get it."""

from collections.abc import Mapping
from dataclasses import dataclass


class FetchFailed(Exception):
    """The document could not be had; the text is for the log and names no secret."""


class HostUnreachable(FetchFailed):
    """No complete answer came from the host at all."""


class AnswerUnreadable(FetchFailed):
    """An answer came whole, or too much of one, and makes no sense."""


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """A JSON object, and for how many seconds its server calls it fresh (None: not said)."""

    document: Mapping[str, object]
    max_age_s: float | None = None
