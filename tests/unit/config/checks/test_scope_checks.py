"""Scopes that clients would be told to ask for."""

import pytest

from tests.unit.config.samples import FULL, review

SERVER = "allow: any"


@pytest.mark.requirement("17", "68")
@pytest.mark.parametrize("scope", ["*", "mcp:*", "*:read", "files.*", "offline_access"])
@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ("allow: any, auth: {{scopes: [a, '{0}']}}", ("auth", "scopes")),
        ("allow: any, auth: {{scopes_supported: ['{0}']}}", ("auth", "scopes_supported")),
        ("allow: any, metadata: {{scopes_supported: ['{0}']}}", ("metadata", "scopes_supported")),
        ("allow: {{scopes: ['{0}']}}", ("allow", "scopes")),
        (
            "allow: {{any_of: [{{groups: [a]}}, {{all_of: [{{scopes: ['{0}']}}]}}]}}",
            ("allow", "any_of", 1, "all_of", 0, "scopes"),
        ),
        (
            "allow: any, rules: [{{allow: any}}, {{tools: [a], allow: {{scopes: ['{0}']}}}}]",
            ("rules", 1, "allow", "scopes"),
        ),
    ],
)
def test_what_must_not_be_asked_for_is_an_error(
    scope: str, keys: str, where: tuple[str | int, ...]
) -> None:
    found = review(FULL.replace(SERVER, keys.format(scope))).problems

    assert [each.path for each in found] == [("servers", "mcp", *where)]
    assert ("scope_implies" in found[0].message) is ("*" in scope)


@pytest.mark.requirement("68")
def test_a_role_asks_for_no_wildcard_either() -> None:
    found = review(FULL + "roles: {writer: {scopes: ['*']}}\n").problems

    assert [each.path for each in found] == [("roles", "writer", "scopes")]


@pytest.mark.requirement("16")
def test_a_token_may_hold_one() -> None:
    text = FULL.replace(SERVER, "allow: any, auth: {scopes: [mcp:read]}")

    assert not review(text + 'scope_implies: {"*": [mcp:read]}\n').problems
