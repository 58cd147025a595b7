"""The names by which clients ask for scopes."""

import pytest

from gateway.config.issuer import Issuer
from gateway.identity.principal import Principal
from gateway.identity.token.asked_scopes import AS_IN_TOKENS, ScopeNames, asked_scopes, scope_names

pytestmark = pytest.mark.requirement("B2")
CORP, OTHER = "https://corp.example", "https://other.example"


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ("mcp.read", "api://app/mcp.read"),
        ("api://app/mcp.read", "api://app/mcp.read"),
        ("https://graph.example/.default", "https://graph.example/.default"),
        ("openid", "openid"),
        ("offline_access", "offline_access"),
        ("admin", "urn:corp:admin"),
        ("urn:corp:admin", "urn:corp:admin"),
    ],
)
def test_a_name_gets_the_prefix_unless_it_is_whole_or_has_one_of_its_own(
    scope: str, asked: str
) -> None:
    assert ScopeNames("api://app/", {"admin": "urn:corp:admin"}).ask_for(scope) == asked


@pytest.mark.parametrize(
    ("prefix", "audiences", "asked"),
    [
        ("", ["app"], "read"),
        ("api://{audience}/", ["app"], "api://app/read"),
        ("api://{audience}/", ["api://app"], "api://app/read"),
        ("api://{audience}/", ["https://mcp.example", "app"], "api://app/read"),
        ("api://{audience}/", ["https://mcp.example"], "read"),
        ("api://{audience}/", [], "read"),
        ("https://mcp.example/", ["app"], "https://mcp.example/read"),
    ],
)
def test_the_prefix_may_hold_the_audience(prefix: str, audiences: list[str], asked: str) -> None:
    issuer = Issuer(issuer=CORP, scope_prefix=prefix)

    assert scope_names(issuer, audiences).ask_for("read") == asked


def test_a_caller_asks_where_the_token_came_from_and_others_where_they_are_sent() -> None:
    corp = Issuer(issuer=CORP, scope_prefix="corp:")
    other = Issuer(issuer=OTHER, scope_prefix="other:")
    asked = asked_scopes([corp], [other, corp], [])
    scopes = frozenset({"a"})

    assert asked.named(scopes, None) == {"corp:a"}
    assert asked.named(scopes, Principal(CORP, "ada")) == {"corp:a"}
    assert asked.named(scopes, Principal(OTHER, "ada")) == {"other:a"}
    assert asked.named(scopes, Principal("https://gateway", "ci", scheme="api_key")) == {"corp:a"}


def test_without_a_mapping_names_are_those_of_tokens() -> None:
    assert AS_IN_TOKENS.named(frozenset({"a", "b"}), None) == {"a", "b"}
    assert asked_scopes([], [], []).named(frozenset({"a"}), None) == {"a"}
