"""Builds what decides about operations: the rules of each server and what they look at."""

import time
from collections.abc import Sequence

from gateway.config.checks.issuer_names import issuer_names
from gateway.config.model import Config, Server
from gateway.config.own_tools import PUBLIC_TOOLS
from gateway.config.rule import Rule
from gateway.policy.admission import Admission, compile_admission
from gateway.policy.rules import Rules, compile_rules
from gateway.policy.server_policy import ServerPolicy
from gateway.policy.who import Vocabulary
from gateway.proxy.gate.authorization import AnnotationsOf, Authorization
from gateway.proxy.limits.step_up import StepUps


def build_vocabulary(config: Config) -> Vocabulary:
    """What roles and scopes mean in this configuration."""
    return Vocabulary(config.roles, config.scope_implies, issuer_names(config.issuers))


def build_admission(server: Server, words: Vocabulary) -> Admission:
    """What decides who may use a server at all."""
    return compile_admission(server.auth.scopes, server.allow, words)


def build_rules(server: Server, words: Vocabulary) -> Rules | None:
    """What decides about operations, None when `allow` alone does."""
    rules = _rules_of(server)
    if rules is None:
        return None
    return compile_rules(rules, words, shadow=server.mode == "shadow")


def build_policy(config: Config, server: Server) -> ServerPolicy:
    """Everything that decides about the callers of one server and what they do."""
    words = build_vocabulary(config)
    own = {name: tool in PUBLIC_TOOLS for name, tool in server.tools.by_name.items()}
    rules = build_rules(server, words)
    return ServerPolicy(build_admission(server, words), rules, has_public_part(server), own)


def build_authorization(
    server: Server, rules: Rules | None, annotations_of: AnnotationsOf
) -> Authorization | None:
    """The rules of one server and what goes with them, None when `allow` alone decides."""
    if rules is None:
        return None
    return Authorization(
        rules,
        annotations_of,
        StepUps(time.monotonic),
        server.auth.scopes,
        server.contact,
        server.lists.show,
        server.lists.max_ttl,
    )


def has_public_part(server: Server) -> bool:
    """Whether callers without a token may use something of a server."""
    by_rule = any(rule.allow == "anonymous" for rule in server.rules or ())
    return server.allow == "anonymous" or by_rule or server.tools.anonymous


def _rules_of(server: Server) -> Sequence[Rule] | None:
    if server.rules is not None or server.allow == "anonymous" or not server.tools.anonymous:
        return server.rules
    # Whoever has no token may connect and look at the gateway's own tools, and no more.
    return (Rule(allow="any"),)
