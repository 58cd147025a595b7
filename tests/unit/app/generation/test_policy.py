"""What decides about operations, as it is built from a server's configuration."""

import pytest

from gateway.app.generation.policy import (
    build_admission,
    build_authorization,
    build_rules,
    build_vocabulary,
    has_public_part,
)
from gateway.config.model import Config, Server
from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Deny
from gateway.policy.rules import Action, Annotations
from tests.unit.config.samples import review

TEXT = """\
public_url: https://mcp.example.com
upstream: http://127.0.0.1:9/mcp
issuer: https://idp.example.com
roles: {{operators: {{groups: [ops]}}}}
{more}
"""
OPS = Principal("https://idp.example.com", "ada", groups=("ops",))


async def _unasked(name: str) -> Annotations | None:
    pytest.fail("nobody asks before a rule looks at annotations")


def configured(more: str) -> tuple[Config, Server]:
    config = review(TEXT.format(more=more)).config
    assert config is not None
    return config, config.servers["mcp"]


def test_without_rules_allow_alone_decides() -> None:
    config, server = configured("allow: {roles: [operators]}")
    words = build_vocabulary(config)

    assert build_rules(server, words) is None
    assert build_authorization(server, None, _unasked) is None
    assert build_admission(server, words)(OPS) is ALLOWED


def test_rules_know_the_configurations_roles() -> None:
    config, server = configured("rules: [{tools: [a], allow: {roles: [operators]}}]")

    rules = build_rules(server, build_vocabulary(config))

    assert rules is not None
    action = Action("tools/call", "tool", "a")
    assert rules.decide(OPS, action).decision is ALLOWED
    stranger = Principal("https://idp.example.com", "eve", groups=())
    assert isinstance(rules.decide(stranger, action).decision, Deny)


def test_a_server_in_shadow_mode_has_rules_that_only_tell() -> None:
    config, server = configured("mode: shadow\nrules: [{tools: [a], allow: nobody}]")

    rules = build_rules(server, build_vocabulary(config))

    assert rules is not None
    ruling = rules.decide(OPS, Action("tools/call", "tool", "a"))
    assert (ruling.decision, ruling.would) == (ALLOWED, Deny("nobody_allowed"))


@pytest.mark.parametrize(
    ("more", "is_public"),
    [
        ("allow: any", False),
        ("allow: anonymous", True),
        ("rules: [{tools: [a], allow: anonymous}, {allow: any}]", True),
        ("allow: any\ntools: {gateway: all, anonymous: true}", True),
    ],
)
def test_callers_without_a_token_come_in_only_where_that_is_said(
    more: str, *, is_public: bool
) -> None:
    assert has_public_part(configured(more)[1]) is is_public


def test_where_only_our_tools_are_public_the_servers_are_not() -> None:
    config, server = configured("allow: any\ntools: {gateway: all, anonymous: true}")

    rules = build_rules(server, build_vocabulary(config))

    assert rules is not None
    action = Action("tools/call", "tool", "theirs")
    assert rules.decide(None, action).decision == Deny("missing")
    assert rules.decide(OPS, action).decision is ALLOWED
