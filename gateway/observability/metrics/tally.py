"""Where requests of one kind are counted: found once, then added to."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from gateway.observability.metrics.instruments import HistogramCell, LabelValues

# One series of a counter: where it is counted, and its labels.
Series = tuple[defaultdict[LabelValues, float], LabelValues]


class Tally:
    """The series that requests of one kind raise.

    `duration` is None where a request counts as HTTP only, each other histogram where such
    requests have no such time; `tell_upstream` learns that the upstream was asked.
    """

    __slots__ = ("_auth", "_counts", "_duration", "_overhead", "_tell_upstream", "_upstream")

    def __init__(
        self,
        counts: Sequence[Series],
        duration: HistogramCell | None = None,
        auth: HistogramCell | None = None,
        upstream: HistogramCell | None = None,
        overhead: HistogramCell | None = None,
        tell_upstream: Callable[[], None] | None = None,
    ) -> None:
        self._counts = counts
        self._duration = duration
        self._auth = auth
        self._upstream = upstream
        self._overhead = overhead
        self._tell_upstream = tell_upstream

    def add(self, duration_s: float, auth_s: float, upstream_s: float) -> None:
        """Count one request."""
        for counts, labels in self._counts:
            counts[labels] += 1
        if self._duration is not None:
            self._duration.observe(duration_s)
        if self._auth is not None:
            self._auth.observe(auth_s)
        if self._upstream is not None:
            self._upstream.observe(upstream_s)
        if self._overhead is not None:
            self._overhead.observe(duration_s - upstream_s)
        if self._tell_upstream is not None:
            self._tell_upstream()
