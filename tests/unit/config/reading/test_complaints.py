"""Mistakes in the words of somebody who writes YAML."""

import sys

import pytest

from gateway.config.reading.problems import path_text
from tests.unit.config.samples import FULL, SHORT, review


@pytest.mark.requirement("O2")
@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (SHORT + "lissten: a", "lissten", "unknown key, did you mean 'listen'?"),
        (
            FULL.replace("allow: any", "allow: any, timeouts: {conect: 3s}"),
            "servers.mcp.timeouts.conect",
            "unknown key, did you mean 'connect'?",
        ),
        (
            FULL.replace('issuer: "https', 'algoritms: [RS256], issuer: "https'),
            "issuers.default.algoritms",
            "unknown key, did you mean 'algorithms'?",
        ),
        (
            SHORT + "limits: {per_principal: 10/m}",
            "limits.per_principal",
            "belongs to a server: write it as servers.NAME.limits.per_principal",
        ),
        (SHORT + "lists: {show: all}", "lists", "belongs to a server: write it as servers.NAME.li"),
        (SHORT.replace("allow: any", "allow: {grups: [a]}"), "allow.grups", "mean 'groups'?"),
        (
            FULL.replace("allow: any", "rules: [{tools: [a], alow: any}]"),
            "servers.mcp.rules[0].alow",
            "unknown key, did you mean 'allow'?",
        ),
        (
            FULL.replace("allow: any", "allow: any, timeouts: {connect: 30}"),
            "servers.mcp.timeouts.connect",
            'expected a duration such as "30s", got 30',
        ),
        (
            SHORT.replace("allow: any", "allow: all"),
            "allow",
            "expected `any`, `anonymous` or who gets in, such as {groups: [engineering]}",
        ),
        (SHORT.replace("public_url", "#"), "public_url", "this key is needed"),
        (SHORT + "log: 3", "log", "expected keys below this one"),
        (SHORT + "scopes: a", "scopes", "expected a list such as [a, b]"),
        (SHORT + "scopes: ['a b']", "scopes[0]", "a scope has no blanks"),
        (SHORT + "default_server: A", "default_server", "a name has small letters"),
        (SHORT + "limits: {connections: true}", "limits.connections", "whole number, got true"),
    ],
)
def test_a_mistake_says_where_it_is_and_what_to_write(text: str, path: str, message: str) -> None:
    found = review(text).problems

    assert any(path in path_text(each.path) and message in each.message for each in found), found


def test_an_unlike_key_is_answered_with_the_known_ones() -> None:
    (problem,) = review(SHORT + "admin: {zzz: 1}").problems

    assert problem.message == "unknown key; known here: hosts, listen, readiness, token, token_file"


@pytest.mark.parametrize(
    ("allow", "message"),
    [
        ("{emails: ['']}", "expected text that is not empty"),
        ("{subjects: ['${env:NOBODY:-}']}", "expected text that is not empty"),
        ("{domains: ['@']}", "expected a domain such as example.com"),
        ("{domains: [a b]}", "expected a domain such as example.com"),
        ("{domains: ['a\u212a.com']}", "expected a domain such as example.com"),
        ("{emails: ['x@a@b.com']}", "expected an address such as ada@example.com"),
        ("{scopes: []}", "expected at least one entry"),
        ("{groups: , domains: [a.example]}", "expected a list such as [a, b]"),
    ],
)
def test_an_empty_restriction_is_not_taken_for_none(allow: str, message: str) -> None:
    """It would let in whoever lacks the claim, or everybody."""
    (problem,) = review(SHORT.replace("allow: any", f"allow: {allow}")).problems

    assert message in problem.message


def test_a_bad_entry_is_one_mistake() -> None:
    (problem,) = review(FULL.replace('issuer: "h', 'algorithms: [HS256], issuer: "h')).problems

    assert path_text(problem.path) == "issuers.default.algorithms[0]"


def test_the_right_word_comes_apart_from_the_sentence() -> None:
    (problem,) = review(SHORT + "lissten: ':80'").problems

    assert problem.suggestion == "listen"


@pytest.mark.requirement("U8")
def test_a_name_in_capitals_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel", None)  # as where the extra is not installed
    text = FULL.replace("allow: any", "rules: [{tools: [a], cel: 'true', allow: any}]")

    (problem,) = review(text).problems

    assert problem.message.startswith("CEL is not installed. Install it beside the gateway: pip")
