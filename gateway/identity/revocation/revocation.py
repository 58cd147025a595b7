"""What a revocation says and whom it concerns. Pure."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from gateway.config.reading.entry_list import parse_time
from gateway.identity.principal import Principal

Kind = Literal["subject", "client_id", "token_id", "session_id", "group", "everything"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_OPTIONS = ("issuer", "before", "until", "note")
_ID_CHARS = 16
_EXPECTED_TEXT = "expected text; numbers need quotes"
_LAST_MOMENT = 253402300800.0  # year 10000; what is later is in milliseconds


@dataclass(frozen=True, slots=True)
class Revocation:
    """Whose tokens count no longer.

    `before`: only tokens issued earlier, and those that do not say when; `until`: void from
    then on. Both in Unix seconds. `note` is for people. `everything` is every token issued
    `before`.
    """

    kind: Kind
    value: str = ""
    issuer: str | None = None
    before: float | None = None
    until: float | None = None
    note: str = field(default="", compare=False)

    @property
    def identity(self) -> str:
        """A short name; the same revocation said twice has the same one."""
        times = [None if each is None else float(each) for each in (self.before, self.until)]
        told = json.dumps([self.kind, self.value, self.issuer, *times])
        return hashlib.sha256(told.encode()).hexdigest()[:_ID_CHARS]

    def revokes(self, principal: Principal, now: float) -> bool:
        """Whether this principal's token counts no longer."""
        if self.until is not None and now >= self.until:
            return False
        if self.issuer is not None and principal.issuer != self.issuer:
            return False
        if self.kind != "everything" and self.value not in values_of(principal, self.kind):
            return False
        issued_at = principal.issued_at
        return self.before is None or issued_at is None or issued_at < self.before


def values_of(principal: Principal, kind: Kind) -> tuple[str, ...]:
    """What a principal has of one kind."""
    match kind:
        case "subject":
            return (principal.subject,)
        case "client_id":
            return _present(principal.client_id)
        case "token_id":
            return _present(principal.token_id)
        case "session_id":
            return _present(principal.session_id)
        case "group":
            return principal.groups or ()
        case "everything":
            return ("",)


class RevocationSet:
    """Many revocations, found by what they name instead of one by one."""

    def __init__(self, revocations: Iterable[Revocation] = ()) -> None:
        self._by_value: defaultdict[tuple[Kind, str], list[Revocation]] = defaultdict(list)
        for each in revocations:
            self._by_value[each.kind, each.value].append(each)

    def find(self, principal: Principal, now: float) -> Revocation | None:
        """The revocation that concerns this principal, None when none does."""
        return next((each for each in self._named(principal) if each.revokes(principal, now)), None)

    def needs_groups(self, principal: Principal, now: float) -> bool:
        """Whether this principal would be revoked if it were of a group, which nobody knows."""
        if principal.groups is not None:
            return False
        return any(
            replace(each, kind="everything", value="").revokes(principal, now)
            for (kind, _), named in self._by_value.items()
            if kind == "group"
            for each in named
        )

    def _named(self, principal: Principal) -> Iterator[Revocation]:
        for kind in KINDS:
            for value in values_of(principal, kind):
                yield from self._by_value.get((kind, value), ())


def parse_revocation(document: object) -> Revocation:
    """Read `{subject: ada, before: …}`. Raises ValueError that says what to write instead."""
    if not isinstance(document, Mapping):
        raise ValueError("expected an object such as {subject: ada}")
    named = [kind for kind in KINDS if kind in document]
    if not document.keys() <= {*KINDS, *_OPTIONS}:
        # Not by its name: somebody may have written a token there.
        raise ValueError(f"unknown key; known are {', '.join([*KINDS, *_OPTIONS])}")
    if len(named) != 1:
        raise ValueError(f"give exactly one of {', '.join(KINDS)}")
    kind, before = named[0], _time(document, "before")
    if kind != "everything":
        value = _text(document, kind)
    elif document[kind] is True and before is not None:
        value = None
    else:
        raise ValueError("everything: write `everything: true` and a `before`")
    return Revocation(
        kind=kind,
        value=value or "",
        issuer=_text(document, "issuer"),
        before=before,
        until=_time(document, "until"),
        note=_text(document, "note") or "",
    )


def dump_revocation(revocation: Revocation) -> dict[str, object]:
    """The object that `parse_revocation` reads."""
    value: object = True if revocation.kind == "everything" else revocation.value
    told: dict[str, object] = {revocation.kind: value}
    if revocation.issuer is not None:
        told["issuer"] = revocation.issuer
    times = {"before": revocation.before, "until": revocation.until}
    told |= {name: moment for name, moment in times.items() if moment is not None}
    return told | ({"note": revocation.note} if revocation.note else {})


def _present(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _text(document: Mapping[str, object], name: str) -> str | None:
    value = document.get(name)
    if name in document and (not isinstance(value, str) or not value):
        raise ValueError(f"{name}: {_EXPECTED_TEXT}")
    return value if isinstance(value, str) else None


def _time(document: Mapping[str, object], name: str) -> float | None:
    if name not in document:
        return None
    value = document[name]
    if not isinstance(value, int | float) or isinstance(value, bool):
        try:
            value = parse_time(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}, or Unix seconds") from None
    # Before it becomes a float, for which an integer may be too large.
    if not 0 < value < _LAST_MOMENT:
        raise ValueError(f"{name}: expected a time between 1970 and 10000; is it in seconds?")
    return float(value)
