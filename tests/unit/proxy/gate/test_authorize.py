"""Putting messages to the rules of a server: what is let through, and what is answered."""

import time
from collections.abc import Sequence

import msgspec
import pytest

from gateway.errors import (
    AccessDenied,
    GatewayError,
    IdentityUnavailable,
    InsufficientScope,
    InvalidMessage,
    MissingToken,
)
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.policy.rules import Action, Annotations
from gateway.proxy.gate.authorization import Authorization
from gateway.proxy.gate.authorize import actions_of, authorize
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.limits.step_up import StepUps
from tests.unit.policy.test_rules import ADA, rules

SCOPED = "[{tools: [a], allow: {scopes: [write]}}, {tools: [b], allow: any}]"


async def _read_only(name: str) -> Annotations | None:
    return {"readOnlyHint": True}


def call(name: str, arguments: str | None = None) -> Message:
    raw = None if arguments is None else msgspec.Raw(arguments.encode())
    return Message("request", "tools/call", 1, name, target="tool", arguments=raw)


def authorization(text: str) -> Authorization:
    return Authorization(
        rules(text),
        _read_only,
        StepUps(time.monotonic),
        scopes=frozenset({"base"}),
        contact="ops@example.com",
    )


async def denied(
    text: str, messages: Sequence[Message], principal: Principal | None = ADA
) -> tuple[GatewayError, RequestRecord]:
    record = RequestRecord("POST")
    with pytest.raises(GatewayError) as caught:
        await authorize(authorization(text), principal, messages, record)
    return caught.value, record


async def test_what_a_rule_allows_passes_and_the_rule_is_recorded() -> None:
    record = RequestRecord("POST")

    await authorize(authorization(SCOPED), ADA, [call("b")], record)

    assert (record.rule, record.would_deny) == ("rules[1]", None)


async def test_a_missing_scope_is_named_with_those_that_everything_needs() -> None:
    error, record = await denied(SCOPED, [call("a")])

    assert isinstance(error, InsufficientScope)
    assert error.scopes == {"write", "base"}
    assert (error.contact, record.rule) == ("ops@example.com", "rules[0]")


async def test_what_no_scope_would_mend_is_no_step_up() -> None:
    error, _ = await denied("[{tools: [a], allow: nobody}]", [call("a")])

    assert isinstance(error, AccessDenied)
    assert error.reason == "nobody_allowed"


async def test_one_denied_message_denies_the_batch() -> None:
    error, record = await denied(SCOPED, [call("b"), call("a"), call("b")])

    assert isinstance(error, InsufficientScope)
    assert record.rule == "rules[0]"


async def test_a_caller_is_told_of_what_no_scope_mends_before_what_one_would() -> None:
    error, _ = await denied(SCOPED, [call("a"), call("unlisted")])

    assert isinstance(error, AccessDenied)
    assert error.reason == "no_rule"


async def test_who_has_no_token_is_asked_for_one() -> None:
    error, _ = await denied(SCOPED, [call("b")], principal=None)

    assert isinstance(error, MissingToken)


async def test_what_nobody_knows_now_is_no_denial() -> None:
    unknown = Principal("https://idp.example", "ada", groups=None)
    error, _ = await denied("[{tools: [a], allow: {groups: [ops]}}]", [call("a")], unknown)

    assert isinstance(error, IdentityUnavailable)


@pytest.mark.requirement("14")
async def test_asking_in_vain_ends_in_a_denial_instead_of_a_loop() -> None:
    known = authorization(SCOPED)
    errors = []
    for number in range(10):
        token = Principal("https://idp.example", "ada", "cli", issued_at=float(number))
        with pytest.raises(GatewayError) as caught:
            await authorize(known, token, [call("a")], RequestRecord("POST"))
        errors.append(caught.value.reason)

    assert errors[0] == "scope_missing"
    assert errors[-1] == "step_up_loop"


async def test_a_rule_in_shadow_mode_is_recorded_and_not_followed() -> None:
    record = RequestRecord("POST")
    text = "[{tools: [a], allow: nobody, mode: shadow}, {tools: [a], allow: any}]"

    await authorize(authorization(text), ADA, [call("a")], record)

    assert (record.rule, record.would_deny) == ("rules[1]", "nobody_allowed")


async def test_arguments_count_where_a_rule_looks_at_them() -> None:
    text = "[{tools: [a], arguments: {path: /srv}, allow: any}]"

    await authorize(authorization(text), ADA, [call("a", '{"path":"/srv"}')], RequestRecord("POST"))

    error, _ = await denied(text, [call("a", '{"path":"/etc"}')])
    assert error.reason == "no_rule"


async def test_arguments_that_can_be_read_in_two_ways_are_refused() -> None:
    error, _ = await denied(
        "[{tools: [a], arguments: {x: 1}, allow: any}]", [call("a", '{"x":2,"x":1}')]
    )

    assert isinstance(error, InvalidMessage)


async def test_annotations_are_the_servers_own_word() -> None:
    record = RequestRecord("POST")
    text = "[{tools: ['*'], annotations: {readOnlyHint: true}, allow: any}]"

    await authorize(authorization(text), ADA, [call("a")], record)

    assert record.rule == "rules[0]"


def test_an_answer_does_nothing_that_rules_are_about() -> None:
    assert actions_of(Message("response", id=1)) == ()


def test_a_subscription_is_what_subscribing_to_each_resource_was() -> None:
    listens = Message("request", "subscriptions/listen", 1, resources=("x:a", "x:b"))

    assert actions_of(listens) == (
        Action("subscriptions/listen"),
        Action("resources/subscribe", "resource", "x:a"),
        Action("resources/subscribe", "resource", "x:b"),
    )
