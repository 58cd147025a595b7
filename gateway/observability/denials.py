"""The last refusals, for the status page: why and which request, never who."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.observability.outcome import RequestOutcome
from gateway.observability.reasons import closed_reason

KEPT = 50


@dataclass(frozen=True, slots=True)
class Denial:
    """One request that was not let through; `time` as in the audit log."""

    time: str
    server: str
    reason: str
    status: int
    request_id: str


class Denials:
    """The last fifty."""

    def __init__(self) -> None:
        self._kept: deque[Denial] = deque(maxlen=KEPT)

    def note(self, outcome: RequestOutcome) -> None:
        """Keep the outcome when it is a refusal or a failure."""
        if outcome.decision == "allow":
            return
        reason = closed_reason(outcome.reason)
        self._kept.append(
            Denial(outcome.time, outcome.server, reason, outcome.status, outcome.request_id)
        )

    @property
    def latest(self) -> Sequence[Denial]:
        """Newest first."""
        return tuple(reversed(self._kept))
