"""Opens what outlives every configuration of a process."""

import asyncio
import hashlib
from contextlib import AsyncExitStack

from gateway.app.generation.parts import Carried, SharedFacts
from gateway.app.record import Observers
from gateway.app.revoking import Enforcement, open_revocations
from gateway.app.sealing_key import sealing_key
from gateway.config.model import Config
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.verdict.cache import VerdictCache
from gateway.proxy.limits.limits import UnauthenticatedLimits
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.seal import Seal
from gateway.store.store import open_store


async def open_carried(
    config: Config,
    observers: Observers,
    enforcement: Enforcement,
    group: asyncio.TaskGroup,
    stack: AsyncExitStack,
) -> Carried:
    """Open the store, the list of revocations and the memory of verdicts; `stack` closes them."""
    flights = SingleFlight(group)
    store = open_store(config.store, config.state_dir)
    stack.push_async_callback(store.aclose)
    cache = VerdictCache(config.cache, flights, Clocks(), enforcement.check)
    around = IdentityServices(
        flights,
        on_fetch=observers.metrics.jwks_fetch,
        on_removed=enforcement.end_keys,
        on_ended=enforcement.end,
        on_asked=observers.metrics.issuer_request,
    )
    key = sealing_key(config)
    # A key of its own for each purpose.
    nonce_key = hashlib.blake2b(b"dpop nonce", key=key).digest()
    login_key = hashlib.blake2b(b"authorization server", key=key, digest_size=32).digest()
    revocations = await open_revocations(config, store, enforcement)
    shared = SharedFacts(store, revocations, Seal(key), nonce_key, login_key)
    strangers = UnauthenticatedLimits(config.limits.unauthenticated_per_address)
    return Carried(shared, cache, around, observers.metrics, observers.session, strangers)
