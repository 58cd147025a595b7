"""What the admin listener shows, whoever asks."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.observability.denials import Denials
from gateway.observability.health import Readiness
from gateway.observability.metrics.metrics import IssuerState, Metrics
from gateway.observability.mismatches import Mismatches


@dataclass(frozen=True, slots=True)
class Observed:
    """What the admin listener shows.

    `server_urls` maps each server's name to its public URL. `issuers` is asked at each
    request. `started_at` is in Unix seconds, as is what `clock` says.
    """

    version: str
    started_at: float
    metrics: Metrics
    readiness: Readiness
    denials: Denials
    mismatches: Mismatches
    server_urls: Mapping[str, str]
    issuers: Callable[[], Iterable[IssuerState]]
    clock: Callable[[], float] = field(default=time.time)
