"""What the routes and the control plane of one configuration are built from."""

from dataclasses import dataclass

from gateway.app.generation.header_sources import Introducers
from gateway.app.generation.issuers import Issuers
from gateway.config.model import Config
from gateway.identity.revocation.revocations import Revocations
from gateway.observability.metrics.metrics import Metrics
from gateway.proxy.sessions.sessions import OnEvent
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.seal import Seal
from gateway.store.store import Store


@dataclass(frozen=True, slots=True)
class SharedFacts:
    """What replicas have in common; `nonce_key` makes the nonces of DPoP proofs."""

    store: Store
    revocations: Revocations
    nonce_key: bytes
    flights: SingleFlight
    on_session: OnEvent


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes are built from."""

    config: Config
    issuers: Issuers
    metrics: Metrics
    seal: Seal
    pools: dict[str, UpstreamPool]
    shared: SharedFacts
    header_sources: Introducers
