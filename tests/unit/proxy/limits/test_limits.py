"""How much one caller may ask of a server, and how often a stranger may fail."""

from collections.abc import Sequence

import pytest

from gateway.config.model import ServerLimits
from gateway.config.scalars import Rate
from gateway.errors import RateLimited, UpstreamBusy
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.proxy.limits.limits import CallerLimits, UnauthenticatedLimits, at_once
from tests.support.hand_clock import HandClock

ADA = Principal("https://idp.example", "ada", "cli")
EVE = Principal("https://idp.example", "eve", "cli")
HERE = "192.0.2.1"
TWO_A_MINUTE = "2/m"
ONE_A_MINUTE = "1/m"
FAILURES = Rate(2, 60.0)


def limits(clock: HandClock, connections: int = 100, **settings: object) -> CallerLimits:
    return CallerLimits(
        ServerLimits(**settings),
        connections,
        clock=lambda: clock.wall,
    )


def calls(*names: str) -> Sequence[Message]:
    return [Message("request", "tools/call", 1, name, target="tool") for name in names]


async def reason(
    limited: CallerLimits,
    principal: Principal | None = ADA,
    address: str = HERE,
    session: str | None = None,
    messages: Sequence[Message] = (),
) -> str:
    """`ok`, or why no more is allowed."""
    try:
        await limited.spend(principal, address, session, messages)
    except RateLimited as error:
        return error.reason
    return "ok"


async def test_who_asks_too_often_waits_until_the_allowance_is_back(clock: HandClock) -> None:
    limited = limits(clock, per_principal=TWO_A_MINUTE)
    assert [await reason(limited) for _ in range(3)] == ["ok", "ok", "rate_limited"]

    clock.advance(30.0)

    assert [await reason(limited) for _ in range(2)] == ["ok", "rate_limited"]


async def test_the_wait_is_told_in_whole_seconds_and_is_long_enough(clock: HandClock) -> None:
    limited = limits(clock, per_principal="1/m")
    await limited.spend(ADA, HERE, None, ())
    clock.advance(0.5)

    with pytest.raises(RateLimited) as caught:
        await limited.spend(ADA, HERE, None, ())

    assert caught.value.retry_after_s == 60


async def test_one_callers_use_is_nobody_elses(clock: HandClock) -> None:
    limited = limits(clock, per_principal=ONE_A_MINUTE)

    assert await reason(limited, ADA) == await reason(limited, EVE) == "ok"
    assert await reason(limited, ADA) == "rate_limited"


@pytest.mark.requirement("A7")
async def test_a_new_session_or_address_is_no_fresh_start(clock: HandClock) -> None:
    limited = limits(clock, per_principal=ONE_A_MINUTE)
    await limited.spend(ADA, HERE, "one", ())

    assert await reason(limited, ADA, "2001:db8::1", "another") == "rate_limited"


async def test_without_a_token_a_network_counts(clock: HandClock) -> None:
    limited = limits(clock, per_principal=ONE_A_MINUTE)
    await limited.spend(None, "2001:db8::1", None, ())

    assert await reason(limited, None, "2001:db8::2") == "rate_limited"
    assert await reason(limited, None, "2001:db8:1::1") == "ok"


async def test_each_message_of_a_batch_counts(clock: HandClock) -> None:
    limited = limits(clock, per_principal=TWO_A_MINUTE)

    assert await reason(limited, messages=calls("a", "b")) == "ok"
    assert await reason(limited, messages=calls("a")) == "rate_limited"


async def test_a_session_has_an_allowance_of_its_own(clock: HandClock) -> None:
    limited = limits(clock, per_session=ONE_A_MINUTE)

    assert await reason(limited, session="one") == "ok"
    assert await reason(limited, session="one") == "session_rate_limited"
    assert await reason(limited, session="two") == "ok"


async def test_the_first_pattern_that_covers_a_tool_limits_it(clock: HandClock) -> None:
    limited = limits(clock, per_tool={"delete_*": ONE_A_MINUTE, "*": TWO_A_MINUTE})

    assert await reason(limited, messages=calls("delete_a", "read", "read")) == "ok"
    assert await reason(limited, messages=calls("delete_a")) == "tool_rate_limited"
    assert await reason(limited, messages=calls("delete_b")) == "ok"
    assert await reason(limited, messages=calls("read")) == "tool_rate_limited"


async def test_who_asks_too_often_uses_nothing_of_what_others_have_of_the_client(
    clock: HandClock,
) -> None:
    limited = limits(clock, per_principal=ONE_A_MINUTE, per_client=TWO_A_MINUTE)

    assert [await reason(limited, ADA) for _ in range(3)] == ["ok"] + ["rate_limited"] * 2
    assert await reason(limited, EVE) == "ok"
    other = Principal("https://idp.example", "kim", "cli")
    assert await reason(limited, other) == "client_rate_limited"


def test_too_many_calls_at_once_are_refused_until_one_ends(clock: HandClock) -> None:
    limited = limits(clock, concurrent=1)
    using = limited.enter(ADA, HERE, "POST")
    with pytest.raises(RateLimited) as caught:
        limited.enter(ADA, HERE, "POST")
    limited.enter(EVE, HERE, "POST")

    using.end()

    assert caught.value.reason == "too_many_calls"
    limited.enter(ADA, HERE, "POST")


def test_streams_count_apart_from_calls(clock: HandClock) -> None:
    limited = limits(clock, concurrent=1, streams=1)
    limited.enter(ADA, HERE, "POST")
    limited.enter(ADA, HERE, "GET")

    with pytest.raises(RateLimited) as caught:
        limited.enter(ADA, HERE, "GET")

    assert caught.value.reason == "too_many_streams"


def test_a_call_that_listens_counts_as_both_until_it_ends(clock: HandClock) -> None:
    limited = limits(clock, concurrent=2, streams=1)
    first, second = limited.enter(ADA, HERE, "POST"), limited.enter(ADA, HERE, "POST")
    first.listen()
    with pytest.raises(RateLimited):
        second.listen()

    first.end()

    second.listen()
    limited.enter(ADA, HERE, "POST")


def test_the_last_connections_are_left_for_calls(clock: HandClock) -> None:
    limited = limits(clock, connections=4, streams=10)
    open_streams = [limited.enter(caller, HERE, "GET") for caller in (ADA, EVE, ADA)]

    with pytest.raises(UpstreamBusy):
        limited.enter(EVE, HERE, "GET")

    limited.enter(EVE, HERE, "POST")
    open_streams[0].end()
    limited.enter(EVE, HERE, "GET")


@pytest.mark.parametrize(
    ("connections", "expected"), [(8, (32, 8)), (100, (50, 25)), (1000, (500, 100))]
)
def test_nobody_alone_takes_all_connections_of_many(
    connections: int, expected: tuple[int, int]
) -> None:
    assert at_once(ServerLimits(), connections) == expected


def failing(clock: HandClock, rate: Rate | None = FAILURES) -> UnauthenticatedLimits:
    return UnauthenticatedLimits(rate, lambda: clock.wall)


@pytest.mark.requirement("A7")
def test_an_address_that_failed_too_often_is_not_looked_at(clock: HandClock) -> None:
    strangers = failing(clock)
    for _ in range(2):
        strangers.failed(HERE)

    with pytest.raises(RateLimited) as caught, strangers.enter(HERE):
        pytest.fail("the token was looked at")

    assert caught.value.reason == "too_many_failures"
    with strangers.enter("198.51.100.1"):
        pass
    clock.advance(30.0)
    with strangers.enter(HERE):
        pass


def test_who_failed_lately_has_no_crowd_of_tokens_looked_at(clock: HandClock) -> None:
    strangers = failing(clock)
    strangers.failed(HERE)

    with strangers.enter(HERE), pytest.raises(RateLimited), strangers.enter(HERE):
        pytest.fail("a second one was looked at before the first was known")


def test_who_never_failed_may_show_any_number_of_tokens(clock: HandClock) -> None:
    strangers = failing(clock)

    with strangers.enter(HERE), strangers.enter(HERE), strangers.enter(HERE):
        pass


def test_without_a_limit_nobody_waits(clock: HandClock) -> None:
    strangers = failing(clock, None)
    strangers.failed(HERE)

    with strangers.enter(HERE):
        pass
