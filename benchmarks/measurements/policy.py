"""What rules cost: a decision, a filtered list, and a whole request beside one without rules."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from benchmarks.clients.load import Load, Target
from benchmarks.clients.tokens import ISSUER
from benchmarks.rig import Rig, need_program
from benchmarks.targets.gateway import RunningGateway, running_gateway
from benchmarks.targets.policed import POLICED_SETTINGS, begin_session
from benchmarks.targets.upstream import running_upstream
from gateway.config.rule import Rule
from gateway.identity.principal import Principal
from gateway.policy.rules import Action, Rules, compile_rules
from gateway.policy.who import Vocabulary
from gateway.proxy.answers.list_filter import ListFilter

RULE_COUNTS = (5, 50, 500)
TOOLS = 500
MAX_RATIO = 1.25
_REPEATS = 20_000
_LIST_REPEATS = 50
_CALLER = Principal(issuer=ISSUER, subject="ada", groups=("dev",))


@dataclass(frozen=True, slots=True)
class PolicyCosts:
    """Microseconds: of a decision by number of rules, for a name seen before and a new one."""

    known_us: Mapping[int, float]
    new_us: Mapping[int, float]
    list_us: float
    whole: tuple["WholeRequest", ...]

    @property
    def plain_us(self) -> float:
        """CPU of a whole request without rules, limits and a session: the middle round's."""
        return median(each.plain_us for each in self.whole)

    @property
    def policed_us(self) -> float:
        """The same with all of them."""
        return median(each.policed_us for each in self.whole)

    @property
    def ratio(self) -> float:
        """The middle one of the rounds' ratios: a round's two loads meet the same machine."""
        return median(self.ratios)

    @property
    def ratios(self) -> Sequence[float]:
        """What each round measured, lowest first."""
        return sorted(each.policed_us / each.plain_us for each in self.whole)


@dataclass(frozen=True, slots=True)
class WholeRequest:
    """CPU microseconds of a request, each the mean of two loads around the other's."""

    plain_us: float
    policed_us: float


def measure_policy(rig: Rig, *, seconds: int, rounds: int) -> PolicyCosts:
    """Decide, filter, and send the same load in turns to a gateway with and without rules."""
    known, new = {}, {}
    for count in RULE_COUNTS:
        known[count] = _decision_us(count, ["x"] * _REPEATS)
        new[count] = _decision_us(count, [str(number) for number in range(_REPEATS)])
    return PolicyCosts(known, new, _list_us(), _whole_requests(rig, seconds, rounds))


def _decision_us(count: int, endings: Sequence[str]) -> float:
    """Let the last of `count` rules decide, about a tool for each ending."""
    rules = _rules(count)
    names = iter([f"tool_{count - 1}_{ending}" for ending in endings])

    def decide() -> None:
        rules.decide(_CALLER, Action("tools/call", "tool", next(names)))

    return _time_us(decide, len(endings))


def _rules(count: int) -> Rules:
    listed = [{"tools": [f"tool_{n}_*"], "allow": {"groups": ["dev"]}} for n in range(count)]
    return compile_rules([Rule.model_validate(each) for each in listed], Vocabulary())


def _list_us() -> float:
    tools = [{"name": f"tool_{n}_x", "inputSchema": {"type": "object"}} for n in range(TOOLS)]
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools}}).encode()
    lists = ListFilter(_rules(TOOLS // 2), _CALLER, ["tools"], "reachable", 60.0)
    return _time_us(lambda: lists.change(body), _LIST_REPEATS)


def _time_us(work: Callable[[], object], repeats: int) -> float:
    began = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - began) / repeats * 1e6


def _whole_requests(rig: Rig, seconds: int, rounds: int) -> tuple[WholeRequest, ...]:
    token = rig.issuer.token()
    load = Load(need_program("wrk"), rig.write_tokens("policy", [token]))
    with (
        running_upstream(rig.directory) as (_, upstream_port),
        running_gateway(rig.directory, rig.issuer, upstream_port) as plain,
        running_gateway(rig.directory, rig.issuer, upstream_port, more=POLICED_SETTINGS) as policed,
    ):
        in_session = replace(load, session=begin_session(policed.port, token))
        without = partial(_cpu_us, load, "plain", plain, seconds)
        within = partial(_cpu_us, in_session, "policed", policed, seconds)
        return tuple(_one_round(without, within) for _ in range(rounds))


def _one_round(without: Callable[[], float], within: Callable[[], float]) -> WholeRequest:
    """Load them as A B B A, so that a machine that slows down slows both alike."""
    first, second, third, last = without(), within(), within(), without()
    return WholeRequest(plain_us=(first + last) / 2, policed_us=(second + third) / 2)


def _cpu_us(load: Load, name: str, gateway: RunningGateway, seconds: int) -> float:
    return load.run(Target(name, gateway.port, gateway.process), seconds).cpu_us or 0.0
