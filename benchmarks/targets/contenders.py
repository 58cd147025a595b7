"""Starts everything that is compared, with the same checks, in front of the same upstream."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks.clients.checks import check_identity, check_refusals
from benchmarks.clients.load import Target
from benchmarks.rig import Rig, find_program
from benchmarks.targets.clientsession_proxy import running_clientsession_proxy
from benchmarks.targets.envoy import running_envoy
from benchmarks.targets.gateway import running_gateway
from benchmarks.targets.haproxy import running_haproxy
from benchmarks.targets.policed import POLICED_SETTINGS
from benchmarks.targets.upstream import running_upstream

# In this order in each round: what is divided by each other runs close to each other.
NAMES = ("direct", "clientsession", "gateway", "haproxy", "envoy with cache", "envoy")


@dataclass(frozen=True, slots=True)
class Contenders:
    """Targets by name; `policed` is a second gateway, with rules and limits."""

    targets: Mapping[str, Target]
    policed: Target
    skipped: tuple[str, ...]

    @property
    def proxies(self) -> list[Target]:
        """All but the upstream itself and the second gateway."""
        return [target for target in self.targets.values() if target.process is not None]


def start_contenders(rig: Rig, stack: ExitStack) -> Contenders:
    """Start them until the stack is left; BenchmarkError when one is no fair match."""
    _, upstream_port = stack.enter_context(running_upstream(rig.directory))
    found: dict[str, Target] = {"direct": Target("direct", upstream_port, None)}
    common = (rig.directory, rig.issuer, upstream_port)
    plain = stack.enter_context(running_gateway(*common))
    found["gateway"] = Target("gateway", plain.port, plain.process)
    full = stack.enter_context(running_gateway(*common, more=POLICED_SETTINGS))
    policed = Target("gateway", full.port, full.process)
    starts = {"clientsession": partial(running_clientsession_proxy, *common)}
    if program := find_program("haproxy"):
        starts["haproxy"] = partial(running_haproxy, program, *common)
    if program := find_program("envoy"):
        start = partial(running_envoy, program, *common)
        starts["envoy"] = partial(start, remembers_tokens=False)
        starts["envoy with cache"] = partial(start, remembers_tokens=True)
    for name, start in starts.items():
        process, port = stack.enter_context(start())
        found[name] = Target(name, port, process)
    for target in (*found.values(), policed):
        if target.process is not None:
            check_refusals(target, rig.issuer)
            check_identity(target, rig.issuer)
    skipped = tuple(
        f"{name} is not installed" for name in ("haproxy", "envoy") if name not in found
    )
    return Contenders({name: found[name] for name in NAMES if name in found}, policed, skipped)
