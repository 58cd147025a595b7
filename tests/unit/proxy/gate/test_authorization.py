"""Which answers of a server with rules are looked at."""

import time

import pytest

from gateway.mcp.message import Message
from gateway.policy.rules import Annotations
from gateway.proxy.gate.authorization import Authorization
from gateway.proxy.limits.step_up import StepUps
from tests.unit.policy.test_rules import ADA, rules

LIST = [Message("request", "tools/list", 1)]
CALL = [Message("request", "tools/call", 1, "a", target="tool")]


async def _nothing_published(name: str) -> Annotations | None:
    return None


def authorization(show: str = "reachable") -> Authorization:
    some = rules("[{tools: [a], allow: any}]")
    return Authorization(some, _nothing_published, StepUps(time.monotonic), show=show)  # type: ignore[arg-type]  # a word of it


@pytest.mark.parametrize(
    ("method", "messages", "is_looked_at"),
    [
        ("POST", LIST, True),
        ("POST", CALL, False),
        ("POST", [*CALL, *LIST], True),
        ("GET", [], True),
    ],
)
def test_only_what_may_hold_a_list_is_looked_at(
    method: str, messages: list[Message], *, is_looked_at: bool
) -> None:
    found = authorization().lists(ADA, method, messages)

    assert (found is not None) is is_looked_at


def test_where_everything_is_shown_nothing_is_looked_at() -> None:
    assert authorization("all").lists(ADA, "POST", LIST) is None
