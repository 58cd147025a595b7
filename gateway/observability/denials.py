"""The last refusals, for the status page: who wanted to call what, why not, which request."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.observability.audit.outcome import RequestOutcome
from gateway.observability.audit.redact import redact
from gateway.observability.reasons import closed_reason
from gateway.observability.times import iso_time

KEPT = 50
MAX_SHOWN = 80  # of one value: callers choose them


@dataclass(frozen=True, slots=True)
class Denial:
    """One request that was not let through; `time` as in the audit log.

    `caller` is the subject, in parentheses where nobody vouched for it; `name` that of the tool,
    prompt or resource, else the method. Both are empty where nothing is known.
    """

    time: str
    server: str
    reason: str
    status: int
    request_id: str
    caller: str = ""
    name: str = ""


class Denials:
    """The last fifty."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Denial, float, str]] = deque(maxlen=KEPT)

    def note(self, denial: Denial, began_at: float, request_id: str) -> None:
        """Keep a request that ended as `denial` says; `began_at` in Unix seconds."""
        self._kept.append((denial, began_at, request_id))

    @property
    def latest(self) -> Sequence[Denial]:
        """Newest first."""
        return tuple(
            replace(denial, time=iso_time(began_at), request_id=request_id)
            for denial, began_at, request_id in reversed(self._kept)
        )


def denial_of(outcome: RequestOutcome) -> Denial | None:
    """The outcome as a refusal or a failure; None when it is none."""
    if outcome.decision == "allow":
        return None
    return Denial(
        outcome.time,
        outcome.server,
        closed_reason(outcome.reason),
        outcome.status,
        outcome.request_id,
        _caller(outcome),
        _shown(outcome.name or outcome.mcp_method or ""),
    )


def _caller(outcome: RequestOutcome) -> str:
    caller = _shown(outcome.subject or "")
    return f"({caller})" if caller and outcome.verified is False else caller


def _shown(text: str) -> str:
    shown = redact(text)
    return shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN] + "…"
