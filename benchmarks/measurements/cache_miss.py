"""What a token costs that was not seen before: parsing, RS256 and the claims."""

from dataclasses import dataclass
from uuid import uuid4

from benchmarks.clients.load import Load, Target
from benchmarks.processes import BenchmarkError
from benchmarks.rig import Rig, need_program
from benchmarks.targets.gateway import running_gateway
from benchmarks.targets.upstream import running_upstream

TOKENS = 3000
# Fewer than the tokens in turn, least recently used out first: every request is a miss.
_CACHED_TOKENS = 100
_MIN_MISSES = 0.99
_MISSES = 'mcpgw_token_cache_requests_total{result="miss"}'


@dataclass(frozen=True, slots=True)
class CacheMiss:
    """CPU µs per request, of one gateway, with one token and with ever new ones."""

    cached_us: float
    missed_us: float

    @property
    def extra_us(self) -> float:
        """What a miss adds."""
        return self.missed_us - self.cached_us


def measure_cache_miss(rig: Rig, *, seconds: int) -> CacheMiss:
    """Compare the same gateway with one token and with 3,000 in turn."""
    tokens = [rig.issuer.token(sub=str(uuid4())) for _ in range(TOKENS)]
    wrk = need_program("wrk")
    one = Load(wrk, rig.write_tokens("one-token", tokens[:1]))
    many = Load(wrk, rig.write_tokens("many-tokens", tokens))
    with (
        running_upstream(rig.directory) as (_, upstream_port),
        running_gateway(
            rig.directory, rig.issuer, upstream_port, cached_tokens=_CACHED_TOKENS
        ) as gateway,
    ):
        target = Target("gateway", gateway.port, gateway.process)
        one.run(target, 1)
        cached = one.run(target, seconds)
        before = gateway.metric(_MISSES)
        missed = many.run(target, seconds)
        misses = gateway.metric(_MISSES) - before
    if misses < _MIN_MISSES * missed.requests:
        raise BenchmarkError(f"only {misses:.0f} of {missed.requests} look-ups missed the cache")
    return CacheMiss(cached.cpu_us or 0.0, missed.cpu_us or 0.0)
