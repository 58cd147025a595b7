"""What a verdict costs by kind of token: found in the cache, and made anew.

CPU time of this process, in which the gateway's own chain of verifiers runs; an issuer that is
asked has a process of its own, and waiting for it costs no CPU here.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from os import urandom
from pathlib import Path
from statistics import median
from uuid import uuid4

import uvloop

from benchmarks.clients.proofs import holder_key, make_proof
from benchmarks.processes import BenchmarkError
from benchmarks.rig import AUDIENCE, Rig
from benchmarks.targets.asked_issuer import running_asked_issuer
from gateway.app.generation.chain import build_authenticator
from gateway.app.generation.issuers import open_issuers
from gateway.config.load import review_text
from gateway.config.model import Config
from gateway.identity.api_keys.api_key import RANDOM_BYTES, hash_key, make_key
from gateway.identity.api_keys.api_key_file import ApiKeyEntry, dump_keys
from gateway.identity.dpop.proof import ProofContext, verify_proof
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.verdict.authenticator import Authenticator
from gateway.identity.verdict.cache import VerdictCache
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight

TOKENS = 400
_ISSUERS = {
    "jwt": "{{issuer: https://issuer.example.com, jwks: {{file: {jwks}}}}}",
    "introspection": "{{issuer: {url}, jwt: false, introspection: {{url: {url}/introspect,"
    " client_id: gw, client_secret: s}}}}",
    "userinfo": "{{issuer: {url}, jwt: false, userinfo: {{url: {url}/user, audience_claim: aud}}}}",
}


@dataclass(frozen=True, slots=True)
class VerdictCost:
    """Microseconds of CPU for one verdict; `elapsed_us` includes waiting for the issuer."""

    hit_us: float
    miss_us: float
    elapsed_us: float


@dataclass(frozen=True, slots=True)
class VerdictCosts:
    """By kind of token; `proof_us` is what a DPoP proof adds to every request."""

    kinds: Mapping[str, VerdictCost]
    proof_us: float


def measure_verdicts(rig: Rig) -> VerdictCosts:
    """Put 400 tokens of each kind to a chain of its own."""
    keys = [make_key(urandom(RANDOM_BYTES)) for _ in range(TOKENS)]
    (rig.directory / "keys.yaml").write_text(
        dump_keys(ApiKeyEntry(hash_key(key), f"bot-{index}") for index, key in enumerate(keys))
    )
    opaque = [uuid4().hex for _ in range(TOKENS)]
    tokens = {
        "jwt (RS256)": ("jwt", [rig.issuer.token(sub=each) for each in opaque]),
        "api key": ("jwt", keys),
        "introspection": ("introspection", opaque),
        "userinfo": ("userinfo", opaque),
    }
    with (
        running_asked_issuer(rig.directory, AUDIENCE) as url,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        costs = {
            name: runner.run(_measure(_config(rig, kind, url), made))
            for name, (kind, made) in tokens.items()
        }
    return VerdictCosts(costs, _proof_us(rig.issuer.token()))


def _config(rig: Rig, kind: str, url: str) -> Config:
    issuer = _ISSUERS[kind].format(jwks=rig.issuer.jwks_file, url=url)
    text = f"""\
public_url: https://mcp.example.com
api_keys: {{file: {rig.directory / "keys.yaml"}}}
issuers: {{bench: {issuer}}}
servers: {{bench: {{upstream: "http://127.0.0.1:9/mcp", allow: any}}}}
"""
    review = review_text(text, Path(rig.directory), {}, "benchmark")
    if review.config is None:
        raise BenchmarkError(review.report())
    return review.config


async def _measure(config: Config, tokens: Sequence[str]) -> VerdictCost:
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        flights = SingleFlight(group)
        cache = VerdictCache(config.cache, flights, Clocks())
        issuers = await open_issuers(config, IdentityServices(flights), cache, stack)
        chain = build_authenticator(issuers, config, "bench")
        await chain.authenticate(tokens[0], time.time())  # fetches keys, connects
        cpu, began = time.process_time(), time.perf_counter()
        for token in tokens[1:]:
            await chain.authenticate(token, time.time())
        missed, elapsed = time.process_time() - cpu, time.perf_counter() - began
        hit_us = _hit_us(chain, tokens)
    count = len(tokens) - 1
    return VerdictCost(hit_us, missed / count * 1e6, elapsed / count * 1e6)


def _hit_us(chain: Authenticator, tokens: Sequence[str]) -> float:
    rounds = []
    for _ in range(20):
        began = time.process_time()
        for token in tokens:
            if chain.cached(token, time.time()) is None:
                raise BenchmarkError("a verdict was not remembered")
        rounds.append((time.process_time() - began) / len(tokens) * 1e6)
    return median(rounds)


def _proof_us(token: str) -> float:
    key = holder_key()
    proofs = [make_proof(key, AUDIENCE, token) for _ in range(TOKENS)]
    context = ProofContext("POST", AUDIENCE, token, time.time(), 300.0)
    began = time.process_time()
    for proof in proofs:
        verify_proof(proof, context)
    return (time.process_time() - began) / len(proofs) * 1e6
