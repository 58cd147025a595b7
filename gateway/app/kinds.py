"""What requests have in common that end alike: found once, told of each."""

from collections.abc import Hashable
from typing import NamedTuple

from gateway.app.outcome import kind_of, outcome_of, own_part_of
from gateway.observability.audit.audit import audit_line
from gateway.observability.audit.line_template import LineTemplate, line_template
from gateway.observability.denials import Denial, denial_of
from gateway.observability.metrics.metrics import ServerMetrics
from gateway.observability.metrics.tally import Tally
from gateway.proxy.gate.record import RequestRecord

_REMEMBERED = 2048  # callers choose names, so there is a bound


class RequestKind(NamedTuple):
    """Where such requests are counted and how they are written.

    `template` is None where each line needs a closer look, `denial` where they were let through.
    """

    tally: Tally
    template: LineTemplate | None
    denial: Denial | None


class RequestKinds:
    """The kinds that were seen lately."""

    def __init__(self) -> None:
        self._known: dict[Hashable, RequestKind] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, record: RequestRecord, server: ServerMetrics) -> RequestKind:
        """The kind of this request, at this server."""
        key = kind_of(record)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = _make_kind(record, server)
        return known


def line_of(kind: RequestKind, record: RequestRecord, duration_s: float) -> bytes:
    """The audit line of one request."""
    line = None if kind.template is None else kind.template.line(own_part_of(record, duration_s))
    return audit_line(outcome_of(record)) if line is None else line


def _make_kind(record: RequestRecord, server: ServerMetrics) -> RequestKind:
    outcome = outcome_of(record)
    return RequestKind(
        server.tally(outcome, record.cache_result), line_template(outcome), denial_of(outcome)
    )
