"""What a caller sends costs time in proportion to its length, whatever it is: CWE-1333."""

import itertools
import json
import time
from collections.abc import Sequence

import pytest

from tests.attacks.cost_cases import COSTS, PLACES, Cost, Look, patterns, texts
from tests.integration.test_rules import anonymous, message, server
from tests.support.rig import running_rig

# Some of what is expensive is refused when it is longer, so that every size must be tried.
SIZES = [1024 * 2**power for power in range(7)]
# Twice the text costs twice the time; in quadratic time it costs four times as much.
MAX_GROWTH = 3.0
# Below this the clock says more about the machine than about the text.
NOISE_S = 0.0003
ATTEMPTS = 7


def cost_s(look: Look, text: str) -> float:
    """Processor time of this thread: other tests on the machine do not count."""
    began = time.thread_time()
    look(text)
    return time.thread_time() - began


def grows_in_proportion(look: Look, texts: Sequence[str]) -> bool:
    """Whether each text costs little more than twice as much as the one half as long."""
    least = [cost_s(look, text) for text in texts]
    for _ in range(ATTEMPTS):
        grown = itertools.pairwise(least)
        if all(long <= MAX_GROWTH * short + NOISE_S for short, long in grown):
            return True
        # The least of several: what else happened only adds to it.
        least = [min(known, cost_s(look, text)) for known, text in zip(least, texts, strict=True)]
    return False


@pytest.mark.requirement("A2")
@pytest.mark.parametrize("place", PLACES)
def test_every_pattern_is_matched_in_proportion_to_the_text(place: str) -> None:
    compiled = {pattern: PLACES[place](pattern) for pattern in patterns()}
    made = {name: [text(size) for size in SIZES] for name, text in texts().items()}

    slow = [
        f"{pattern} on {name}"
        for pattern, look in compiled.items()
        for name, each in made.items()
        if not grows_in_proportion(look, each)
    ]

    assert slow == []


@pytest.mark.requirement("A2")
@pytest.mark.parametrize("cost", COSTS, ids=lambda cost: cost.name)
def test_what_is_read_costs_in_proportion_to_its_length(cost: Cost) -> None:
    assert grows_in_proportion(cost.look, [cost.text(size) for size in SIZES])


@pytest.mark.requirement("A2")
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {"name": "x" + "_public_" * 7800}),
        ("tools/call", {"name": "a" * 1025}),
        ("prompts/get", {"name": "a" * 1025}),
        ("resources/read", {"uri": "x:" + "a" * 8192}),
        ("completion/complete", {"ref": {"type": "ref/resource", "uri": "x:" + "a" * 8192}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a:b"] * 501}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a" * 8193]}}),
        ("x" * 257, {}),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_name_longer_than_any_is_refused_before_it_is_compared(
    method: str, params: dict[str, object]
) -> None:
    rules = server(
        'tools: ["*_public_*_read"], allow: anonymous', 'resources: ["x:*a"], allow: any'
    )
    async with running_rig(server=rules) as rig:
        for response in (
            await rig.call(body=message(method, params)),
            await anonymous(rig, message(method, params)),
        ):
            assert response.status == 400
            assert json.loads(response.body)["error"]["code"] == -32600
        rig.upstream.assert_untouched()
