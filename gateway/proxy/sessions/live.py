"""What lives at one server, whatever its configuration says."""

from dataclasses import dataclass

from gateway.identity.dpop.replay import ReplayCache
from gateway.observability.metrics.metrics import ServerMetrics
from gateway.proxy.limits.limits import CallerLimits
from gateway.proxy.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Live:
    """What lives at one server, and goes on when its configuration changes."""

    sessions: Sessions
    limits: CallerLimits
    replays: ReplayCache
    metrics: ServerMetrics
