"""A flood of tokens whose key nobody knows, and what other callers notice of it."""

import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from secrets import token_urlsafe

from benchmarks.clients.load import Load, Round, Target
from benchmarks.clients.tokens import unknown_key_token
from benchmarks.processes import BenchmarkError
from benchmarks.rig import AUDIENCE, Rig, need_program
from benchmarks.targets.asked_issuer import running_asked_issuer
from benchmarks.targets.gateway import running_gateway
from benchmarks.targets.upstream import running_upstream

# More than the refusals that are remembered, least recently used out first: each is a new one.
_FLOOD_TOKENS = 20_000
_FLOOD_CONNECTIONS = 64
_FLOOD_PAUSE_MS = 12  # with 64 connections: about 5,000 a second
_CALLERS = 8
_CALLER_PAUSE_MS = 15  # about 500 a second
_COOLDOWN_S = 30
_FILL_S = 3
MAX_GROWTH = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Flood:
    """The callers alone and during the flood; `growth` is of resident memory, in bytes."""

    alone: Round
    during: Round
    refused: Round
    seconds: int
    fetches: int
    growth: int

    @property
    def p99_ratio(self) -> float:
        """How much longer the slowest hundredth of the callers waits."""
        return self.during.p99_us / self.alone.p99_us

    @property
    def fetches_allowed(self) -> int:
        """One per cooldown that has begun."""
        return self.seconds // _COOLDOWN_S + 1


def measure_flood(rig: Rig, *, seconds: int) -> Flood:
    """Let callers call at a steady rate, alone and then beside the flood."""
    wrk = need_program("wrk")
    forged = [unknown_key_token(rig.issuer, token_urlsafe(12)) for _ in range(_FLOOD_TOKENS)]
    flood = Load(wrk, rig.write_tokens("forged", forged), _FLOOD_CONNECTIONS, _FLOOD_PAUSE_MS)
    good = rig.write_tokens("good", [rig.issuer.token()])
    callers = Load(wrk, good, _CALLERS, _CALLER_PAUSE_MS)
    with (
        running_upstream(rig.directory) as (_, upstream_port),
        running_asked_issuer(rig.directory, AUDIENCE) as issuer_url,
        running_gateway(
            rig.directory, rig.issuer, upstream_port, jwks_url=f"{issuer_url}/jwks"
        ) as gateway,
    ):
        target = Target("gateway", gateway.port, gateway.process)
        callers.run(target, 1)
        alone = callers.run(target, seconds)
        before = _fetches(issuer_url)
        flood.run_refused(target, _FILL_S)  # the memory that refusals are remembered in is there
        rss = gateway.process.rss_bytes()
        seen: list[Round | BenchmarkError] = []

        def flood_on() -> None:
            try:
                seen.append(flood.run_refused(target, seconds + 2))
            except BenchmarkError as cause:
                seen.append(cause)

        flooding = threading.Thread(target=flood_on)
        flooding.start()
        time.sleep(1)
        during = callers.run(target, seconds)
        flooding.join()
        fetches = _fetches(issuer_url) - before
        growth = gateway.process.rss_bytes() - rss
    refused = seen[0]
    if isinstance(refused, BenchmarkError):
        raise refused
    return Flood(alone, during, refused, _FILL_S + seconds + 2, fetches, growth)


def _fetches(url: str) -> int:
    with urllib.request.urlopen(f"{url}/fetches", timeout=5) as answer:  # noqa: S310  # loopback
        return int(json.loads(answer.read()))
