"""What the routes and the control plane of one configuration are built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.app.generation.header_sources import Introducers
from gateway.app.generation.issuers import Issuers
from gateway.config.model import Config
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.revocation.revocations import Revocations
from gateway.identity.verdict.cache import VerdictCache
from gateway.observability.metrics.metrics import Metrics
from gateway.pages.brand import Brand
from gateway.proxy.limits.limits import UnauthenticatedLimits
from gateway.proxy.sessions.live import Live
from gateway.proxy.sessions.sessions import OnEvent
from gateway.sealing.seal import Seal
from gateway.store.store import Store


@dataclass(frozen=True, slots=True)
class SharedFacts:
    """What replicas have in common; `nonce_key` makes the nonces of DPoP proofs,
    `login_key` is that of the authorization server."""

    store: Store
    revocations: Revocations
    seal: Seal
    nonce_key: bytes
    login_key: bytes


@dataclass(frozen=True, slots=True)
class Carried:
    """What outlives a configuration.

    Verdicts under keys that digest their checks, the numbers of metrics, and, of each server that
    stays, what lives: `servers`, empty at the start. `strangers` are counted for all of them.
    """

    shared: SharedFacts
    cache: VerdictCache
    around: IdentityServices
    metrics: Metrics
    on_session: OnEvent
    strangers: UnauthenticatedLimits
    servers: Mapping[str, Live] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes are built from."""

    config: Config
    issuers: Issuers
    header_sources: Introducers
    carried: Carried
    brand: Brand
